import { seededRandom, type SeededRandom } from './seeded-random.ts'

export const SERVERS = ['worker', 'api', 'temporal'] as const
export const PROGRAMS = ['ffmpeg', 'ytdlp'] as const
export type Victim = (typeof SERVERS)[number] | (typeof PROGRAMS)[number]
export type Connection = 'origin' | 'worker-api' | 'temporal'

/** What is done to the instance. Times are in milliseconds. */
export type Fault =
  | { kind: 'kill'; victims: readonly Victim[] }
  /** SIGSTOP, and after `forMs` SIGCONT or SIGKILL. */
  | { kind: 'stop'; victim: Victim; forMs: number; end: 'continue' | 'kill' }
  /** The data directory has no room for `forMs`. */
  | { kind: 'fill-disk'; forMs: number }
  | { kind: 'drop'; connection: Connection }

export interface Planned {
  /** From 1. */
  number: number
  /** After the fault before, and after its victim is there. */
  afterMs: number
  fault: Fault
}

/** `kill worker`, `stop ffmpeg`: what the report counts by. */
export const faultName = (fault: Fault): string => {
  if (fault.kind === 'kill') return `kill ${fault.victims.join('+')}`
  if (fault.kind === 'stop') return `stop ${fault.victim}`
  return fault.kind === 'drop' ? `drop ${fault.connection}` : 'fill disk'
}

/** Workers and programs hold the work, so they are met most. */
const KILL_WEIGHTS: Readonly<Record<Victim | 'all', number>> = {
  worker: 30,
  ffmpeg: 25,
  ytdlp: 15,
  temporal: 14,
  api: 12,
  all: 4,
}
const OTHER_WEIGHTS: Readonly<Record<'stop' | 'fill-disk' | 'drop', number>> = { stop: 5, 'fill-disk': 2, drop: 4 }
/** Faults of other kinds for each kill. */
const OTHERS_PER_KILL = 0.3
/** Past Temporal's heartbeat timeout of 60 s: what the worker held is given to others while it still has it. */
const LONG_STOP_MS = 66_000
/** One stop of the worker in so many kills is that long. */
const KILLS_PER_LONG_STOP = 60

/** All faults of a run, with exactly `kills` kills (of one process or of all at once); the same for the same seed. */
export const drawSchedule = (seed: number, kills: number): Planned[] => {
  const random = seededRandom(seed, 'faults')
  const faults: Fault[] = []
  for (let kill = 1; kill <= kills; kill += 1) {
    faults.push(drawKill(random))
    if (random.fraction() < OTHERS_PER_KILL) faults.push(drawOther(random))
    if (kill % KILLS_PER_LONG_STOP === 0) {
      faults.push({ kind: 'stop', victim: 'worker', forMs: LONG_STOP_MS, end: 'continue' })
    }
  }
  return faults.map((fault, index) => ({ number: index + 1, afterMs: random.between(100, 5_000), fault }))
}

const drawKill = (random: SeededRandom): Fault => {
  const drawn = random.weighted(KILL_WEIGHTS)
  return { kind: 'kill', victims: drawn === 'all' ? SERVERS : [drawn] }
}

const drawOther = (random: SeededRandom): Fault => {
  const kind = random.weighted(OTHER_WEIGHTS)
  if (kind === 'drop') return { kind, connection: random.pick(['origin', 'worker-api', 'temporal']) }
  if (kind === 'fill-disk') return { kind, forMs: random.between(1_000, 5_000) }
  const victim = random.pick<Victim>(['worker', 'ffmpeg', 'api', 'temporal', 'ytdlp'])
  return { kind, victim, forMs: random.between(500, 6_000), end: random.pick(['continue', 'continue', 'kill']) }
}
