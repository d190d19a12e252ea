import type { PresetName } from '../../contract/presets.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'

/** Files that the origin has; all are 25 frames a second. */
export const CLIPS = ['fits', 'foreign', 'long', 'sound'] as const
export type ClipName = (typeof CLIPS)[number]

/** How the origin hands a clip out. */
export const DELIVERIES = ['file', 'slow', 'cutting', 'page', 'hls'] as const
export type Delivery = (typeof DELIVERIES)[number]

export interface JobPlan {
  /** From 1; part of the address, so that no two jobs are for the same. */
  number: number
  clip: ClipName
  delivery: Delivery
  preset: PresetName
  priority: number
  /** Cancelled so long after it was accepted; null: never. */
  cancelAfterMs: number | null
  /** Paused so long after it was accepted, and resumed; null: never. */
  pause: { afterMs: number; forMs: number } | null
}

const PRESET_WEIGHTS = {
  web: 30,
  stream: 35,
  audio: 15,
  original: 20,
} as const satisfies Partial<Record<PresetName, number>>
const CANCELLED = 0.12
const PAUSED = 0.12

/** Jobs of mixed kinds without end; the same for the same seed. */
export const createJobMix = (seed: number): (() => JobPlan) => {
  const random = seededRandom(seed, 'jobs')
  let number = 0
  return () => {
    number += 1
    return drawJob(random, number)
  }
}

const drawJob = (random: SeededRandom, number: number): JobPlan => {
  const preset = random.weighted(PRESET_WEIGHTS)
  const clip = random.pick<ClipName>(preset === 'audio' ? CLIPS : ['fits', 'foreign', 'long', 'foreign'])
  const delivery = random.pick<Delivery>(clip === 'fits' ? DELIVERIES : ['file', 'slow', 'cutting', 'page'])
  const priority = random.between(1, 5)
  const cancels = random.fraction() < CANCELLED
  const pauses = random.fraction() < PAUSED
  const [afterMs, forMs] = [random.between(0, 8_000), random.between(500, 6_000)]
  return {
    number,
    clip,
    delivery,
    preset,
    priority,
    cancelAfterMs: cancels ? afterMs : null,
    pause: pauses && !cancels ? { afterMs, forMs } : null,
  }
}
