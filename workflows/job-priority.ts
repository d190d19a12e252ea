import { defineSignal, setHandler } from '@temporalio/workflow'
import { PRIORITIES, SIGNALS } from '../contract/names.ts'

/** `order` as in the signals of pausing. */
export const prioritySignal = defineSignal<[priority: number, order?: number]>(SIGNALS.priority)

export interface JobPriority {
  /** Begins to hear signals, with those that came before. @param onChange called when it has changed. */
  listen(onChange: () => void): void
  current(): number
  /** Order of the newest signal that was heard; 0: none. */
  heard(): number
}

/** The job's priority, as it was accepted and then as it was told. */
export const createJobPriority = (accepted: number): JobPriority => {
  let priority = accepted
  let newest = 0
  const hear = (told: unknown, order: unknown): boolean => {
    // An operator may send anything; what is no priority would fail every activity that is scheduled with it.
    if (!isPriority(told)) return false
    if (typeof order === 'number') {
      if (order < newest) return false
      newest = order
    }
    priority = told
    return true
  }
  return {
    listen: (onChange) => setHandler(prioritySignal, (told, order) => void (hear(told, order) && onChange())),
    current: () => priority,
    heard: () => newest,
  }
}

const isPriority = (told: unknown): told is number =>
  typeof told === 'number' && Number.isInteger(told) && told >= PRIORITIES.urgent && told <= PRIORITIES.last
