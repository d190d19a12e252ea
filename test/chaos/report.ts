import { blame } from './blame.ts'
import { redone, type Encode } from './encode-count.ts'
import { lossOf, type ChaosJob } from './chaos-jobs.ts'
import { faultName, type Planned } from './schedule.ts'

/** Of the instance that chaos is brought over. */
export const MEDIA_SLOTS = 2

/** What was done, and when. */
export interface CarriedOut extends Planned {
  atMs: number
  /** What was met; null where there was nothing. */
  met: string | null
}

export interface ChaosResult {
  seed: number
  /** Processes that were killed. */
  kills: number
  faults: number
  missed: number
  jobs: number
  succeeded: number
  cancelled: number
  lost: number
  corrupt: number
  leftOver: number
  /** Pieces of media encoded once more, and their length: each piece as a whole. */
  redone: number
  redoneMediaSeconds: number
  /** Most pieces that one fault made encode again. */
  redoneByOne: number
  /** Pieces encoded again because their job was paused in the middle of them. */
  redoneByPause: number
  /** Pieces encoded again though nothing but Temporal, the API or connections were met. */
  redoneForNothing: number
  seconds: number
}

interface Row {
  count: number
  missed: number
  redone: number
  lost: number
  corrupt: number
}

/** Faults that may end what a slot is at; the others must not cost a single piece. */
const costsWork = ({ fault }: Planned): boolean =>
  fault.kind === 'fill-disk' ||
  (fault.kind === 'stop' && fault.victim !== 'api' && fault.victim !== 'temporal') ||
  (fault.kind === 'kill' && fault.victims.some((victim) => victim === 'worker' || victim === 'ffmpeg'))

/** Pieces that a fault can end: a program is at one, a worker at one in each slot. */
const mostCost = ({ fault }: Planned): number => {
  const victims: readonly string[] = fault.kind === 'kill' ? fault.victims : fault.kind === 'stop' ? [fault.victim] : []
  return victims.length === 1 && victims[0] === 'ffmpeg' ? 1 : MEDIA_SLOTS
}

export interface Findings {
  seed: number
  done: readonly CarriedOut[]
  jobs: readonly ChaosJob[]
  encodes: readonly Encode[]
  /** Seconds of media in one piece of a job. */
  pieceSeconds: (encode: Encode) => number
  leftOver: readonly string[]
  seconds: number
}

/** The result, and what a person wants to read of it: per fault what was lost, corrupt and redone, and everything left over. */
export const report = (findings: Findings): { lines: string[]; result: ChaosResult } => {
  const { done, jobs, encodes, leftOver } = findings
  const rows = new Map<string, Row>()
  const rowOf = (fault: Planned): Row => {
    const name = faultName(fault.fault)
    const row = rows.get(name) ?? { count: 0, missed: 0, redone: 0, lost: 0, corrupt: 0 }
    rows.set(name, row)
    return row
  }
  for (const fault of done) {
    rowOf(fault).count += 1
    if (fault.met === null) rowOf(fault).missed += 1
  }
  const byNumber = new Map(done.map((fault) => [fault.number, fault]))
  const again = redone(encodes)
  const costs = new Map<number, number>()
  const paused = new Set(jobs.filter(({ plan }) => plan.pause !== null).map(({ id }) => id))
  const forNothing: Encode[] = []
  let byPause = 0
  const mayHaveCost = (number: number): number => {
    const fault = byNumber.get(number)
    return fault && fault.met !== null && costsWork(fault) ? mostCost(fault) : 0
  }
  const causes = blame(
    again.map(({ faults }) => faults.filter((number) => mayHaveCost(number) > 0)),
    mayHaveCost,
  )
  for (const [index, { encode, faults }] of again.entries()) {
    const cause = causes[index] ?? null
    if (cause === null && paused.has(encode.jobId)) {
      byPause += 1
      continue
    }
    if (cause === null) forNothing.push(encode)
    const blamed = byNumber.get(cause ?? faults.at(-1) ?? 0)
    if (!blamed) continue
    rowOf(blamed).redone += 1
    costs.set(blamed.number, (costs.get(blamed.number) ?? 0) + 1)
  }
  const during = (job: ChaosJob): Planned[] =>
    done.filter(({ number }) => number > job.firstFault && number <= Math.max(job.lastFault, job.firstFault + 1))
  const lost = jobs.filter((job) => lossOf(job) !== null)
  const corrupt = jobs.filter(({ wrong }) => wrong.length > 0)
  for (const job of lost) for (const name of new Set(during(job).map(rowOf))) name.lost += 1
  for (const job of corrupt) for (const name of new Set(during(job).map(rowOf))) name.corrupt += 1

  const states = (state: string): number => jobs.filter(({ ended }) => ended?.state === state).length
  const result: ChaosResult = {
    seed: findings.seed,
    kills: done.reduce((sum, fault) => sum + killsOf(fault), 0),
    faults: done.length,
    missed: done.filter(({ met }) => met === null).length,
    jobs: jobs.length,
    succeeded: states('succeeded'),
    cancelled: states('cancelled'),
    lost: lost.length,
    corrupt: corrupt.length,
    leftOver: leftOver.length,
    redone: again.length,
    redoneMediaSeconds: again.reduce((sum, { encode }) => sum + findings.pieceSeconds(encode), 0),
    redoneByOne: Math.max(0, ...costs.values()),
    redoneByPause: byPause,
    redoneForNothing: forNothing.length,
    seconds: Math.round(findings.seconds),
  }
  const lines = [
    'fault                     count  missed  redone  lost in its time  corrupt in its time',
    ...[...rows]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, row]) => {
        const cells = [row.count, row.missed, row.redone, row.lost, row.corrupt]
        const widths = [7, 8, 8, 18, 21]
        return name.padEnd(24) + cells.map((cell, index) => String(cell).padStart(widths[index] ?? 8)).join('')
      }),
    '',
    ...lost.map((job) => `LOST ${describe(job)} ${lossOf(job)}; faults ${namesOf(during(job))}`),
    ...corrupt.map((job) => `CORRUPT ${describe(job)}: ${job.wrong.join('; ')}; faults ${namesOf(during(job))}`),
    ...leftOver.map((what) => `LEFT OVER ${what}`),
    ...forNothing.map(({ piece, afterFault }) => `REDONE FOR NOTHING after fault ${afterFault}: ${piece}`),
    ...[...costs]
      .filter(([, count]) => count > MEDIA_SLOTS)
      .flatMap(([number, count]) => [
        `REDONE ${count} pieces after fault ${number}`,
        ...again.flatMap(({ encode, faults }, index) =>
          causes[index] === number ? [`  (of faults ${faults.join(', ')}) ${encode.piece}`] : [],
        ),
      ]),
  ]
  return { lines, result }
}

const killsOf = ({ fault, met }: CarriedOut): number =>
  met !== null && fault.kind === 'kill' ? met.split(', ').length : 0

const describe = ({ plan, id }: ChaosJob): string =>
  `job ${plan.number} ${id} (${plan.preset}, ${plan.clip} by ${plan.delivery}${plan.cancelAfterMs === null ? '' : `, cancelled after ${plan.cancelAfterMs} ms`}${plan.pause ? ', paused' : ''})`

const namesOf = (faults: readonly Planned[]): string =>
  faults.map(({ number, fault }) => `#${number} ${faultName(fault)}`).join(', ') || 'none'
