import { useEffect, useState } from 'react'
import { useSearchParams } from 'wouter'
import { JOB_STATES, type JobState } from '../../../contract/names.ts'
import type { JobFilter } from '../http/jobs.ts'
import { SearchField } from '../design/search-field.tsx'
import styles from './job-filters.module.css'
import { STATE_WORDS } from './job-wording.ts'

/** States that jobs of one item can be in today; an address may still name the others. */
const OFFERED: readonly JobState[] = ['accepted', 'running', 'succeeded', 'failed', 'cancelled']

const toState = (text: string | null): JobState | null => JOB_STATES.find((state) => state === text) ?? null

/** The filter lives in the address, so that it survives a reload and can be sent to somebody. */
export const useJobFilter = (): [JobFilter, (part: Partial<JobFilter>) => void] => {
  const [search, setSearch] = useSearchParams()
  const filter: JobFilter = { state: toState(search.get('state')), q: search.get('q') ?? '' }
  const change = (part: Partial<JobFilter>): void => {
    const { state, q } = { ...filter, ...part }
    setSearch(
      () => {
        const next = new URLSearchParams()
        if (state !== null) next.set('state', state)
        if (q !== '') next.set('q', q)
        return next
      },
      { replace: true },
    )
  }
  return [filter, change]
}

interface JobFiltersProps {
  filter: JobFilter
  change: (part: Partial<JobFilter>) => void
}

export const JobFilters = ({ filter, change }: JobFiltersProps) => {
  const [q, setQ] = useState(filter.q)
  useEffect(() => {
    if (q === filter.q) return
    // As long as a person is typing there is nothing to look for yet.
    const timer = setTimeout(() => change({ q }), 250)
    return () => clearTimeout(timer)
  })
  return (
    <div className={styles.filters} role="search" aria-label="Jobs">
      <fieldset className={styles.states}>
        <legend className="visually-hidden">State</legend>
        {[null, ...OFFERED].map((state) => (
          <label key={state ?? 'all'} className={styles.state}>
            <input type="radio" name="state" checked={filter.state === state} onChange={() => change({ state })} />
            {state === null ? 'All' : STATE_WORDS[state]}
          </label>
        ))}
      </fieldset>
      <SearchField label="Search jobs" value={q} onChange={setQ} />
    </div>
  )
}
