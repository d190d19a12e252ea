import type { JobState } from '../../../contract/names.ts'

/** The states that people tell apart when they look for a job. */
export const FILTER_GROUPS = {
  active: { title: 'Active', states: ['accepted', 'running', 'paused', 'waiting'] },
  succeeded: { title: 'Succeeded', states: ['succeeded', 'partial'] },
  failed: { title: 'Failed', states: ['failed'] },
  cancelled: { title: 'Cancelled', states: ['cancelled'] },
} as const satisfies Record<string, { title: string; states: readonly JobState[] }>

export type FilterGroup = keyof typeof FILTER_GROUPS
export const FILTER_GROUP_NAMES = ['active', 'succeeded', 'failed', 'cancelled'] as const satisfies FilterGroup[]

export interface JobFilter {
  /** Null: every state. */
  group: FilterGroup | null
  q: string
}

export const toFilterGroup = (text: string | null): FilterGroup | null =>
  FILTER_GROUP_NAMES.find((group) => group === text) ?? null

/** Null: every state. */
export const statesOf = ({ group }: JobFilter): readonly JobState[] | null =>
  group === null ? null : FILTER_GROUPS[group].states
