import type { JobState } from '../../contract/names.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import type { Principal } from '../access/principal.ts'
import { createOutbox, type Outlet } from './outbox.ts'

/** States of jobs that still move. */
export const LIVE_STATES: JobState[] = ['accepted', 'running', 'paused', 'waiting']

/** Key under which an unsent reading waits. */
export const progressKey = (jobId: string, part: string): string => `${jobId} progress ${part}`

/** A change of an ended job that is announced twice comes close after the first. */
const MAX_REMEMBERED_ENDS = 1_000

/** What one client has been told and still waits for. */
export interface FeedClient {
  readonly principal: Principal
  watchesAll: boolean
  answer(message: ServerMessage): void
  /** The whole job; what follows for it builds on this. */
  snapshot(jobId: string, render: () => string): void
  hasShown(jobId: string): boolean
  /** The client named this job itself, so it hears of it beyond its end. */
  asksFor(jobId: string): void
  asked(jobId: string): boolean
  /** Whether it was told of this revision as a job's last. */
  knowsEnd(jobId: string, revision: number): boolean
  rememberEnd(jobId: string, revision: number): void
  /** `key`: of the part of the step that this is a reading of. */
  progress(jobId: string, reading: { key: string; text: string }): void
  state(jobId: string, messages: readonly { key: string; text: string }[], ended: boolean): void
  removed(jobId: string, text: string): void
  forget(jobId: string): void
  close(): void
}

export const createFeedClient = ({ outlet, principal }: { outlet: Outlet; principal: Principal }): FeedClient => {
  const outbox = createOutbox(outlet)
  const shown = new Set<string>()
  const asked = new Set<string>()
  const ends = new Map<string, number>()

  return {
    principal,
    watchesAll: false,
    answer: (message) => outbox.answer(JSON.stringify(message)),
    snapshot: (jobId, render) => {
      shown.add(jobId)
      // It says all that an unsent message says.
      outbox.withdraw(`${jobId} `)
      outbox.offer(`${jobId} snapshot`, render)
    },
    hasShown: (jobId) => shown.has(jobId),
    asksFor: (jobId) => asked.add(jobId),
    asked: (jobId) => asked.has(jobId),
    knowsEnd: (jobId, revision) => (ends.get(jobId) ?? 0) >= revision,
    rememberEnd: (jobId, revision) => {
      ends.set(jobId, revision)
      const oldest = ends.keys().next()
      if (ends.size > MAX_REMEMBERED_ENDS && !oldest.done) ends.delete(oldest.value)
    },
    progress: (jobId, { key, text }) => {
      if (shown.has(jobId)) outbox.offer(key, text)
    },
    state: (jobId, messages, ended) => {
      if (!shown.has(jobId)) return
      if (ended) outbox.withdraw(progressKey(jobId, ''))
      for (const { key, text } of messages) outbox.offer(`${jobId} state ${key}`, text)
    },
    removed: (jobId, text) => {
      outbox.withdraw(`${jobId} `)
      outbox.offer(`${jobId} removed`, text)
    },
    forget: (jobId) => {
      shown.delete(jobId)
      asked.delete(jobId)
    },
    close: () => outlet.close(1001, 'the server is going away'),
  }
}
