import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Job } from '../../../contract/jobs.ts'
import { type Action, actOnJob, changePriority, deleteJob, getJob, listJobs, submitJobs } from '../http/jobs.ts'
import { useLiveState, useLiveStore } from '../live/live-provider.tsx'
import { type JobFilter, statesOf } from './job-filter.ts'
import { visibleJobs } from './visible-jobs.ts'

/** The list for a filter: pages come by HTTP, changes and new jobs by the socket. */
export const useJobList = (filter: JobFilter) => {
  const store = useLiveStore()
  const state = useLiveState()
  const query = useInfiniteQuery({
    queryKey: ['jobs', filter],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const page = await listJobs({ states: statesOf(filter), q: filter.q }, pageParam, signal)
      store.loaded(page.items)
      return { ids: page.items.map((job) => job.id), nextCursor: page.nextCursor }
    },
    getNextPageParam: (page) => page.nextCursor,
  })
  const listed = useMemo(() => new Set(query.data?.pages.flatMap((page) => page.ids)), [query.data])
  const jobs = visibleJobs({ state, filter, listed, hasMore: query.hasNextPage })
  return { jobs, query }
}

/** Loads a job into the live store; render it from there. */
export const useLoadedJob = (id: string) => {
  const store = useLiveStore()
  return useQuery({
    queryKey: ['job', id],
    queryFn: async ({ signal }) => {
      const job = await getJob(id, signal)
      store.loaded([job])
      return job.id
    },
  })
}

export const useSubmit = () => {
  const store = useLiveStore()
  return useMutation({
    mutationFn: submitJobs,
    onSuccess: ({ items }) => store.loaded(items.flatMap((item) => (item.job ? [item.job] : []))),
  })
}

/** What is done to one job; `action` is what it is at, for those that show it. */
export const useJobAction = (id: string) => {
  const store = useLiveStore()
  return useMutation({
    mutationFn: (action: Action): Promise<Job> => actOnJob(id, action),
    onSuccess: (job) => store.loaded([job]),
  })
}

export const usePriority = (id: string) => {
  const store = useLiveStore()
  return useMutation({
    mutationFn: (priority: number): Promise<Job> => changePriority(id, priority),
    onSuccess: (job) => store.loaded([job]),
  })
}

export const useDeleteJob = () => {
  const store = useLiveStore()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: deleteJob,
    onSuccess: (_nothing, id) => {
      store.removed(id)
      queries.removeQueries({ queryKey: ['job', id] })
    },
  })
}
