import { useEffect, useRef } from 'react'
import { isEnded, type JobState } from '../../../contract/names.ts'
import { useLiveState } from '../live/live-provider.tsx'
import { STATE_WORDS, titleOf } from './job-wording.ts'

/** Tells screen readers, politely, of each job that ends while the page is open. Bars are not read out: they never rest. */
export const Announcer = () => {
  const { jobs } = useLiveState()
  const seen = useRef(new Map<string, JobState>())
  const region = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    const news: string[] = []
    for (const [id, { job }] of jobs) {
      const before = seen.current.get(id)
      if (before !== undefined && before !== job.state && isEnded(job.state)) {
        news.push(`${titleOf(job)}: ${STATE_WORDS[job.state]}.`)
      }
      seen.current.set(id, job.state)
    }
    // Straight into the document: the words are news of this moment, nothing that a later render should repeat.
    if (news.length > 0 && region.current) region.current.textContent = news.join(' ')
  }, [jobs])
  return <p ref={region} className="visually-hidden" aria-live="polite" data-testid="announcer" />
}
