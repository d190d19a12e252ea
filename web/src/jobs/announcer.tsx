import { useEffect, useRef, useState } from 'react'
import { isEnded, type JobState } from '../../../contract/names.ts'
import { useLiveState } from '../live/live-provider.tsx'
import { STATE_WORDS, titleOf } from './job-wording.ts'

/** Tells screen readers, politely, of each job that ends while the page is open. Bars are not read out: they never rest. */
export const Announcer = () => {
  const { jobs } = useLiveState()
  const seen = useRef(new Map<string, JobState>())
  const [words, setWords] = useState('')
  useEffect(() => {
    const news: string[] = []
    for (const [id, { job }] of jobs) {
      const before = seen.current.get(id)
      if (before !== undefined && before !== job.state && isEnded(job.state)) {
        news.push(`${titleOf(job)}: ${STATE_WORDS[job.state]}.`)
      }
      seen.current.set(id, job.state)
    }
    if (news.length > 0) setWords(news.join(' '))
  }, [jobs])
  return (
    <p className="visually-hidden" aria-live="polite" data-testid="announcer">
      {words}
    </p>
  )
}
