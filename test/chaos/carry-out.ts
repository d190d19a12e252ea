import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { signalIfThere } from '../integration/running-tools.ts'
import type { ChaosInstance } from './chaos-instance.ts'
import type { SmallDisk } from './disk.ts'
import type { OwnProcess } from './own-processes.ts'
import type { Connection, Fault, Victim } from './schedule.ts'

export interface Stage {
  instance: ChaosInstance
  /** Null: nothing could be mounted. */
  disk: SmallDisk | null
  dropOrigin: () => void
  /** Called in the moment before anything is done. */
  onAct: () => void
}

/** A supervisor that waits longest starts a process again after 30 s, which then takes its time; programs come with the next job. */
const VICTIM_WITHIN_MS = 120_000
const LOOK_EVERY_MS = 20

/**
 * Waits until there is something to meet, then so long as the plan says, and does it. Stops and a full disk have ended when this
 * returns. @returns what was met, or null where there was nothing.
 */
export const carryOut = async (
  stage: Stage,
  { fault, afterMs }: { fault: Fault; afterMs: number },
): Promise<string | null> => {
  const victims = victimsOf(fault)
  await Promise.all(victims.map((victim) => appears(stage.instance, victim)))
  // A program may be gone by then: a moment drawn from its short life.
  await sleep(
    victims.every((victim) => victim === 'ffmpeg' || victim === 'ytdlp') && victims.length > 0 ? afterMs / 5 : afterMs,
  )
  switch (fault.kind) {
    case 'kill':
      return kill(stage, fault.victims)
    case 'stop':
      return stop(stage, fault)
    case 'fill-disk':
      return fill(stage, fault.forMs)
    case 'drop':
      return drop(stage, fault.connection)
  }
}

const victimsOf = (fault: Fault): readonly Victim[] => {
  if (fault.kind === 'kill') return fault.victims
  return fault.kind === 'stop' ? [fault.victim] : []
}

/** Of several programs the one that began first; null where none comes. */
const appears = async (instance: ChaosInstance, victim: Victim): Promise<OwnProcess | null> => {
  const deadline = Date.now() + VICTIM_WITHIN_MS
  for (;;) {
    const [found = null] = instance.find(victim)
    if (found || Date.now() > deadline) return found
    await sleep(LOOK_EVERY_MS)
  }
}

/** Waits for another one where the one that was found has just ended. */
const signalOne = async (
  { instance, onAct }: Stage,
  victim: Victim,
  signal: NodeJS.Signals,
): Promise<OwnProcess | null> => {
  for (;;) {
    const found = await appears(instance, victim)
    onAct()
    if (!found || signalIfThere(found.pid, signal)) return found
  }
}

const kill = async (stage: Stage, victims: readonly Victim[]): Promise<string | null> => {
  const met: string[] = []
  for (const victim of victims) {
    const found = await signalOne(stage, victim, 'SIGKILL')
    if (found) met.push(`${victim} ${found.pid}`)
  }
  return met.length === 0 ? null : met.join(', ')
}

const stop = async (stage: Stage, { victim, forMs, end }: Extract<Fault, { kind: 'stop' }>): Promise<string | null> => {
  const found = await signalOne(stage, victim, 'SIGSTOP')
  if (!found) return null
  await sleep(forMs)
  signalIfThere(found.pid, end === 'kill' ? 'SIGKILL' : 'SIGCONT')
  return `${victim} ${found.pid} for ${(forMs / 1_000).toFixed(1)} s, then ${end}`
}

const fill = async ({ disk, onAct }: Stage, forMs: number): Promise<string | null> => {
  onAct()
  if (!disk) return null
  disk.fill()
  await sleep(forMs)
  disk.makeRoom()
  return `for ${(forMs / 1_000).toFixed(1)} s`
}

const drop = (stage: Stage, connection: Connection): string | null => {
  stage.onAct()
  if (connection === 'origin') {
    stage.dropOrigin()
    return 'all'
  }
  const { instance } = stage
  const port = connection === 'temporal' ? Number(instance.temporalAddress().split(':').at(-1)) : instance.apiPort()
  return endSockets(port)
}

/** Ends what is connected to a port of the instance, by the kernel; null where that is not allowed. */
const endSockets = (port: number): string | null => {
  try {
    // Its exit code and complaints are about sockets that cannot be ended, such as those that listen.
    const ended = execFileSync('ss', ['-H', '-K', 'dst', '127.0.0.1', 'dport', '=', `:${port}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const count = ended.split('\n').filter((line) => line.trim() !== '').length
    return count === 0 ? null : `${count} on port ${port}`
  } catch {
    return null
  }
}
