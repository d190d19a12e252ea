import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { havingStopped, shareRoom, withinReach, type TriedClaim } from '../../storage/room-share.ts'

/** Of a disk in a model, in units. */
const MOST = 1_000

/** What is foreseen for a job, and what it comes to need, which nobody knows. */
interface Job {
  foreseen: number
  certainPart: number
  needs: number
}

interface Held extends TriedClaim {
  needs: number
}

interface World {
  jobs: readonly Job[]
  /** Taken by others, in each of the first rounds; then the last of them stays. */
  foreign: readonly number[]
  /** How far jobs get in a round, and in what order. */
  steps: readonly number[]
  slack: number
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Lets jobs ask, write, run out of room, give up, end and fail until nothing changes any more. */
const play = ({ jobs, foreign, steps, slack }: World) => {
  const ended: string[] = []
  const failed: string[] = []
  let claims = jobs.map(({ foreseen, certainPart, needs }, index): Held => ({
    jobId: `job-${index}`,
    since: index,
    bytes: Math.max(foreseen, Math.ceil(needs * certainPart)),
    leastBytes: Math.ceil(needs * certainPart),
    provenBytes: 0,
    granted: false,
    writtenBytes: 0,
    busy: false,
    needs,
  }))
  let stepped = 0
  let still = 0
  let room = { freeBytes: 0, slackBytes: slack, mostBytes: MOST }
  let rounds = 0
  for (; claims.length > 0 && still < 2; rounds += 1) {
    expect(rounds, 'rounds').toBeLessThan(5_000)
    const taken = foreign[Math.min(rounds, foreign.length - 1)] ?? 0
    room = { ...room, freeBytes: MOST - taken - sum(claims.map(({ writtenBytes }) => writtenBytes)) }
    const { granted, giveUp, hopeless } = shareRoom(claims, room)
    const promised = sum(claims.map(({ jobId, writtenBytes }) => Math.max(0, (granted.get(jobId) ?? 0) - writtenBytes)))
    expect(promised).toBeLessThanOrEqual(Math.max(0, room.freeBytes + slack))
    failed.push(...hopeless)
    claims = claims
      .filter(({ jobId }) => !hopeless.includes(jobId))
      .map((claim) =>
        giveUp.includes(claim.jobId)
          ? { ...havingStopped(claim), writtenBytes: 0 }
          : { ...claim, bytes: granted.get(claim.jobId) ?? claim.bytes, granted: granted.has(claim.jobId) },
      )
    still = granted.size + giveUp.length + hopeless.length === 0 && rounds >= foreign.length ? still + 1 : 0
    // They write what they need, whatever was promised, and are ended where the disk is full.
    let free = room.freeBytes + 2 * slack
    claims = claims.flatMap((claim) => {
      if (!claim.granted) return [claim]
      stepped += 1
      const wanted = Math.min(claim.needs - claim.writtenBytes, steps[stepped % steps.length] ?? 1)
      const written = { ...claim, writtenBytes: claim.writtenBytes + Math.max(0, Math.min(wanted, free)) }
      free -= Math.max(0, Math.min(wanted, free))
      if (written.writtenBytes >= claim.needs) {
        ended.push(claim.jobId)
        return []
      }
      return [written.writtenBytes < claim.writtenBytes + wanted ? havingStopped(written) : written]
    })
  }
  return { ended, failed, claims, room }
}

const job = fc.record({
  foreseen: fc.integer({ min: 1, max: 3 * MOST }),
  certainPart: fc.double({ min: 0, max: 1, noNaN: true }),
  needs: fc.integer({ min: 1, max: 1.3 * MOST }),
})
const world = fc.record({
  jobs: fc.array(job, { minLength: 1, maxLength: 8 }),
  foreign: fc.array(fc.integer({ min: 0, max: MOST }), { minLength: 1, maxLength: 20 }),
  steps: fc.array(fc.integer({ min: 25, max: 400 }), { minLength: 1, maxLength: 12 }),
  slack: fc.constantFrom(0, 0, 40),
})
const RUNS = { numRuns: 300 }
const needOf = (jobs: readonly Job[], jobId: string): number => jobs[Number(jobId.slice(4))]?.needs ?? 0

describe('jobs on a small disk', () => {
  it('all end or fail, where others leave the disk to them in the end', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { claims } = play({ ...given, foreign: [...given.foreign, 0] })
        expect(claims).toEqual([])
      }),
      RUNS,
    )
  })

  it('fail only if they need all that there is or more, however wrongly it was foreseen and whatever others take', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { failed } = play(given)
        // So close to the limit nobody can say.
        for (const jobId of failed) expect(needOf(given.jobs, jobId)).toBeGreaterThan((MOST * 63) / 64 - 1)
      }),
      RUNS,
    )
  })

  it('wait for somebody’s hand only if they could not end alone beside what others have taken', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { claims, room } = play(given)
        const reach = withinReach(claims, room)
        for (const { needs, writtenBytes } of claims) {
          expect(Math.max(needs, writtenBytes)).toBeGreaterThan((reach * 63) / 64 - 1)
        }
      }),
      RUNS,
    )
  })
})
