import { useEffect, useState } from 'react'
import { useSearchParams } from 'wouter'
import { SearchField } from '../design/search-field.tsx'
import { FILTER_GROUP_NAMES, FILTER_GROUPS, type JobFilter, toFilterGroup } from './job-filter.ts'
import styles from './job-filters.module.css'

/** The filter lives in the address, so that it survives a reload and can be sent to somebody. */
export const useJobFilter = (): [JobFilter, (part: Partial<JobFilter>) => void] => {
  const [search, setSearch] = useSearchParams()
  const filter: JobFilter = { group: toFilterGroup(search.get('state')), q: search.get('q') ?? '' }
  const change = (part: Partial<JobFilter>): void => {
    const { group, q } = { ...filter, ...part }
    setSearch(
      () => {
        const next = new URLSearchParams()
        if (group !== null) next.set('state', group)
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
        {[null, ...FILTER_GROUP_NAMES].map((group) => (
          <label key={group ?? 'all'} className={styles.state}>
            <input type="radio" name="state" checked={filter.group === group} onChange={() => change({ group })} />
            {group === null ? 'All' : FILTER_GROUPS[group].title}
          </label>
        ))}
      </fieldset>
      <SearchField label="Search jobs" value={q} onChange={setQ} />
    </div>
  )
}
