import type { JobRow } from '../catalog/job-row.ts'
import { isEnded } from '../contract/names.ts'
import type { ProgressSample } from '../contract/progress.ts'
import type { StepRecord } from '../contract/steps.ts'

/** The newest readings of running jobs, and the percentages that follow from them. */
export interface LiveProgress {
  /** Takes a reading. False: an older one than is known, which nobody needs to hear of. */
  accept(sample: ProgressSample): boolean
  /** Percent of a step with one decimal, its parts weighed by their share; null where nothing is known of it. */
  stepPercent(row: Pick<JobRow, 'id' | 'run'>, step: Pick<StepRecord, 'name' | 'attempt'>): number | null
  /** The newest attempt at a step that has given a reading, if that is the recorded one or a later; else null: it waits. */
  begunAttempt(row: Pick<JobRow, 'id' | 'run'>, step: Pick<StepRecord, 'name' | 'attempt'>): number | null
  /** Percent of the job with one decimal, its steps weighed by expected cost; never less than before within a run. */
  jobPercent(row: JobRow): number | null
  forget(jobId: string): void
}

interface Entry {
  run: number
  /** By step and part. */
  samples: Map<string, ProgressSample>
  /** The highest percent of the job that was ever shown in this run. */
  floor: number
  /** The weights that percent was computed by, as text. */
  weights: string
  /** Where new weights began to count: what was shown then, and what they say of the same moment. */
  bend: { shown: number; computed: number }
}

/** A job that ended keeps the percent it was last shown with; there are never so many that run. About 1 KB each. */
const MAX_JOBS = 10_000

const partKey = (sample: ProgressSample): string => `${sample.step}\n${sample.part ?? ''}`

const isNewer = (sample: ProgressSample, known: ProgressSample): boolean =>
  sample.attempt > known.attempt || (sample.attempt === known.attempt && sample.seq > known.seq)

export const createLiveProgress = (): LiveProgress => {
  const entries = new Map<string, Entry>()

  const entryOf = (jobId: string, run: number): Entry | null => {
    const known = entries.get(jobId)
    if (known && known.run > run) return null
    if (known?.run === run) return known
    const entry: Entry = { run, samples: new Map(), floor: 0, weights: '', bend: { shown: 0, computed: 0 } }
    entries.set(jobId, entry)
    const oldest = entries.keys().next()
    if (entries.size > MAX_JOBS && !oldest.done) entries.delete(oldest.value)
    return entry
  }

  const stepPercent: LiveProgress['stepPercent'] = (row, step) => {
    const entry = entries.get(row.id)
    if (entry?.run !== row.run) return null
    let percent: number | null = null
    for (const sample of entry.samples.values()) {
      if (sample.step !== step.name || sample.percent === null) continue
      percent = (percent ?? 0) + sample.share * sample.percent
    }
    return percent === null ? null : round(Math.min(100, percent))
  }

  return {
    accept: (sample) => {
      const entry = entryOf(sample.jobId, sample.run)
      if (!entry) return false
      const known = entry.samples.get(partKey(sample))
      if (known && !isNewer(sample, known)) return false
      entry.samples.set(partKey(sample), sample)
      return true
    },
    stepPercent,
    begunAttempt: (row, step) => {
      const entry = entries.get(row.id)
      if (entry?.run !== row.run) return null
      const samples = [...entry.samples.values()].filter((sample) => sample.step === step.name)
      const newest = Math.max(0, ...samples.map((sample) => sample.attempt))
      return newest > 0 && newest >= step.attempt ? newest : null
    },
    jobPercent: (row) => {
      if (row.state === 'succeeded') return 100
      const computed = weighed(row, (step) => stepPercent(row, step))
      if (computed === null) return row.percent === null ? null : round(row.percent)
      const entry = isEnded(row.state) ? entries.get(row.id) : entryOf(row.id, row.run)
      if (entry?.run !== row.run) return computed
      bendTo(entry, row, computed)
      entry.floor = Math.max(entry.floor, bent(entry.bend, computed))
      return entry.floor
    },
    forget: (jobId) => entries.delete(jobId),
  }
}

/**
 * The plan knows better than the first guess what the steps cost, and often makes less of what is done. Instead of standing
 * still until the truth catches up, the rest of the bar is then given to the rest of the work.
 */
const bendTo = (entry: Entry, row: JobRow, computed: number): void => {
  const weights = row.steps.map(({ weight }) => weight).join()
  if (weights === entry.weights) return
  entry.weights = weights
  entry.bend = computed < entry.floor ? { shown: entry.floor, computed } : { shown: 0, computed: 0 }
}

const bent = ({ shown, computed: from }: Entry['bend'], computed: number): number =>
  round(shown + ((100 - shown) * Math.max(0, computed - from)) / (100 - from))

/**
 * Σ weight × fraction done / Σ weight; null before the steps are known. What a job can do without counts as done; what it did
 * not get to, because it failed or was cancelled, does not.
 */
const weighed = (row: JobRow, livePercent: (step: StepRecord) => number | null): number | null => {
  let total = 0
  let done = 0
  for (const step of row.steps) {
    total += step.weight
    const spared = step.state === 'skipped' && row.state !== 'failed' && row.state !== 'cancelled'
    done += step.weight * (spared ? 1 : fractionDone(step, livePercent))
  }
  return total === 0 ? null : round((100 * done) / total)
}

const fractionDone = (step: StepRecord, livePercent: (step: StepRecord) => number | null): number => {
  switch (step.state) {
    case 'succeeded':
      return 1
    // The workflow knows a step as queued until it ends; its readings tell when it runs.
    case 'queued':
    case 'running':
    case 'failed':
    case 'cancelled':
      // Readings of parts that ended may be lost with the process that had them; the row keeps what is done.
      return Math.max(livePercent(step) ?? 0, step.percent ?? 0) / 100
    case 'pending':
    case 'skipped':
      return 0
  }
}

const round = (percent: number): number => Math.round(percent * 10) / 10
