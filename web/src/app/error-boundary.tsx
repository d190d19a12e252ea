import { Component, type ReactNode } from 'react'
import { Button } from '../design/button.tsx'
import { Notice } from '../design/notice.tsx'

interface Props {
  children: ReactNode
}

/** Keeps the header alive where a page breaks. React reports the error itself on the console. */
export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children
    return (
      <Notice icon="alert" title="This page broke">
        <p role="alert">{this.state.error.message}</p>
        <Button icon="retry" onClick={() => location.reload()}>
          Load it again
        </Button>
      </Notice>
    )
  }
}
