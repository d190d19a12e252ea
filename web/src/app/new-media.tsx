import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useLiveState } from '../live/live-provider.tsx'

/** Renews the library when a job has brought something new: an event, where others would poll. */
export const NewMedia = () => {
  const queries = useQueryClient()
  const { jobs } = useLiveState()
  const seen = useRef(new Map<string, boolean>())
  useEffect(() => {
    let isNew = false
    for (const [id, { job }] of jobs) {
      const hasMedia = (job.result?.mediaIds.length ?? 0) > 0
      isNew ||= hasMedia && seen.current.get(id) === false
      seen.current.set(id, hasMedia)
    }
    if (isNew) void queries.invalidateQueries({ queryKey: ['library'] })
  }, [jobs, queries])
  return null
}
