import { useEffect, useState } from 'react'
import { Button } from '../design/button.tsx'
import { Notice } from '../design/notice.tsx'
import { PageTitle } from '../design/page-title.tsx'
import { SearchField } from '../design/search-field.tsx'
import styles from './library-page.module.css'
import { MediaCard } from './media-card.tsx'
import { useMediaList } from './media-queries.ts'

/** `value`, once it has rested: as long as a person is typing there is nothing to look for yet. */
const useRested = (value: string): string => {
  const [rested, setRested] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), 250)
    return () => clearTimeout(timer)
  }, [value])
  return rested
}

export const LibraryPage = () => {
  const [words, setWords] = useState('')
  const q = useRested(words.trim())
  const list = useMediaList(q)
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <div className={styles.page}>
      <div className={styles.bar}>
        <PageTitle name="Library" />
        <div role="search" aria-label="Library">
          <SearchField label="Search the library" value={words} onChange={setWords} />
        </div>
      </div>
      {list.error && (
        <Notice icon="alert" title="The library could not be loaded">
          <p role="alert">{list.error.message}</p>
          <Button icon="retry" onClick={() => void list.refetch()}>
            Try again
          </Button>
        </Notice>
      )}
      {list.isSuccess && items.length === 0 && (
        <Notice icon="film" title={q === '' ? 'The library is empty' : 'Nothing is called that'}>
          {q === '' && <p>Media appear here as jobs succeed.</p>}
        </Notice>
      )}
      <ul className={styles.grid} aria-busy={list.isFetching}>
        {items.map((media) => (
          <MediaCard key={media.id} media={media} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {list.isFetchingNextPage ? 'Loading…' : 'Load more'}
        </Button>
      )}
    </div>
  )
}
