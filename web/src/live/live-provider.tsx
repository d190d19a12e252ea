import { useQueryClient } from '@tanstack/react-query'
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { isEnded } from '../../../contract/names.ts'
import { getJob } from '../http/jobs.ts'
import { type Connection, connectLive, type LiveSocket, PROTOCOL } from './live-socket.ts'
import type { LiveJob, LiveState } from './live-state.ts'
import { createLiveStore, type LiveStore } from './live-store.ts'

interface Live {
  store: LiveStore
  connection: Connection
  retryNow: () => void
}

const LiveContext = createContext<Live | null>(null)

/** 20 frames a second are as smooth as bars need, and leave the page idle between them. */
const FLUSH_AFTER_MS = 50

const socketAddress = (): string => `${location.origin.replace(/^http/, 'ws')}/api/v1/progress`

const unfinishedIds = (state: LiveState): string[] =>
  [...state.jobs.values()].filter(({ job }) => !isEnded(job.state)).map(({ job }) => job.id)

const createPageStore = (): LiveStore =>
  createLiveStore({
    load: (jobId) => getJob(jobId),
    defer: (flush) => setTimeout(flush, FLUSH_AFTER_MS),
    // The next message about the job asks again; a signed-out page finds out by its own calls.
    onError: (error) => console.warn('A job could not be loaded', error),
  })

/** One socket and one store for the page; after each return of a lost connection everything on show is asked for again. */
export const LiveProvider = ({ children }: { children: ReactNode }) => {
  const queries = useQueryClient()
  const [store] = useState(createPageStore)
  const [connection, setConnection] = useState<Connection>({ status: 'connecting' })
  const socket = useRef<LiveSocket | null>(null)

  useEffect(() => {
    let wasLost = false
    const opened = connectLive({
      open: () => new WebSocket(socketAddress(), PROTOCOL),
      onMessage: (message) => store.receive(message),
      onConnection: (next) => {
        setConnection(next)
        if (next.status === 'open' && wasLost) void queries.invalidateQueries()
        wasLost = next.status === 'lost'
      },
      unfinished: () => unfinishedIds(store.getState()),
      now: Date.now,
      random: Math.random,
    })
    socket.current = opened
    const comeBack = (): void => opened.retryNow()
    window.addEventListener('online', comeBack)
    document.addEventListener('visibilitychange', comeBack)
    return () => {
      window.removeEventListener('online', comeBack)
      document.removeEventListener('visibilitychange', comeBack)
      opened.close()
    }
  }, [queries, store])

  const retryNow = useCallback(() => socket.current?.retryNow(), [])
  return <LiveContext value={{ store, connection, retryNow }}>{children}</LiveContext>
}

const useLive = (): Live => {
  const live = useContext(LiveContext)
  if (!live) throw new Error('This part of the page must be within LiveProvider')
  return live
}

export const useLiveStore = (): LiveStore => useLive().store

export const useConnection = (): Pick<Live, 'connection' | 'retryNow'> => useLive()

/** Everything known of all jobs; renders again with each batch of messages. */
export const useLiveState = (): LiveState => {
  const { store } = useLive()
  return useSyncExternalStore(store.subscribe, store.getState)
}

/** One job; renders again only when this one has changed. */
export const useLiveJob = (id: string): LiveJob | null => {
  const { store } = useLive()
  const read = useCallback(() => store.getState().jobs.get(id) ?? null, [store, id])
  return useSyncExternalStore(store.subscribe, read)
}
