import { type ReactNode, useEffect, useRef } from 'react'

/**
 * The page's heading. Names the document too, and takes the focus when a link within the page has led here, so that a screen
 * reader says where it is; on the first load the focus stays where the browser put it.
 */
export const PageTitle = ({ name, hidden, children }: { name: string; hidden?: boolean; children?: ReactNode }) => {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${name} · Sluice`
  }, [name])
  useEffect(() => {
    if (window.history.state !== null || document.activeElement !== document.body) heading.current?.focus()
  }, [])
  return (
    <h1 ref={heading} tabIndex={-1} className={hidden ? 'visually-hidden' : undefined}>
      {children ?? name}
    </h1>
  )
}
