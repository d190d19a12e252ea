import { describe, expect, it } from 'vitest'
import { shareRoom, type HeldClaim } from '../../storage/room-share.ts'

const claim = (jobId: string, bytes: number, changes: Partial<HeldClaim> = {}): HeldClaim => ({
  jobId,
  since: Number(/\d+/.exec(jobId)?.[0] ?? 0),
  bytes,
  leastBytes: bytes,
  granted: false,
  writtenBytes: 0,
  busy: false,
  ...changes,
})
const begun = { granted: true }

const share = (free: number, claims: HeldClaim[], slackBytes = 0) => {
  const { granted, giveUp } = shareRoom(claims, { freeBytes: free, slackBytes })
  return { granted: Object.fromEntries(granted), giveUp }
}

describe('room on the disk', () => {
  it('is given for all that a job needs, in the order in which they came', () => {
    const claims = [claim('job-3', 10), claim('job-1', 60), claim('job-2', 30)]
    expect(share(100, claims)).toEqual({ granted: { 'job-1': 60, 'job-2': 30, 'job-3': 10 }, giveUp: [] })
    expect(share(95, claims).granted).toEqual({ 'job-1': 60, 'job-2': 30 })
  })

  it('that is promised and not written yet is not given again', () => {
    const half = claim('job-1', 60, { ...begun, writtenBytes: 50 })
    expect(share(20, [half, claim('job-2', 10)]).granted).toEqual({ 'job-1': 60, 'job-2': 10 })
    expect(share(20, [half, claim('job-2', 11)]).granted).toEqual({ 'job-1': 60 })
  })

  it('is kept for a large one that came first: small ones do not overtake it', () => {
    const claims = [claim('job-1', 50, begun), claim('job-2', 55), claim('job-3', 5)]
    expect(share(60, claims).granted).toEqual({ 'job-1': 50 })
  })

  it('is not kept for one that the end of the others would not help: it waits for somebody’s hand', () => {
    const claims = [claim('job-1', 50, begun), claim('job-2', 800), claim('job-3', 5)]
    expect(share(60, claims).granted).toEqual({ 'job-1': 50, 'job-3': 5 })
  })

  it('goes to who began first, where others took from it', () => {
    const claims = [claim('job-1', 50, begun), claim('job-2', 50, begun)]
    expect(share(60, claims).granted).toEqual({ 'job-1': 50 })
    // What is kept free is there for those who have begun, not for others.
    expect(share(0, [claim('job-1', 10, begun), claim('job-2', 1)], 10).granted).toEqual({ 'job-1': 10 })
  })

  it('is tried with less than foreseen by one that is alone, and by no second one', () => {
    const claims = [claim('job-1', 100, { leastBytes: 20 }), claim('job-2', 100, { leastBytes: 20 })]
    expect(share(50, claims).granted).toEqual({ 'job-1': 50 })
    expect(share(19, claims).granted).toEqual({})
    expect(share(50, [claim('job-0', 10, begun), ...claims]).granted).toEqual({ 'job-0': 10 })
  })

  describe('that jobs hold while they wait for more', () => {
    const held = [
      claim('job-1', 60, { writtenBytes: 40 }),
      claim('job-2', 60, { writtenBytes: 30 }),
      claim('job-3', 60, { writtenBytes: 20 }),
    ]

    it('is given up by the youngest, and no more of it than the oldest needs', () => {
      expect(share(0, held)).toEqual({ granted: {}, giveUp: ['job-3'] })
      expect(share(-5, held).giveUp).toEqual(['job-3', 'job-2'])
    })

    it('is not given up in vain', () => {
      expect(share(-50, held).giveUp).toEqual([])
      expect(share(0, held.slice(0, 1)).giveUp).toEqual([])
    })

    it('is not given up while one of them is at work, or another job is', () => {
      expect(share(0, [...held.slice(0, 2), claim('job-3', 60, { writtenBytes: 20, busy: true })]).giveUp).toEqual([])
      expect(share(0, [claim('job-0', 5, { ...begun, writtenBytes: 5 }), ...held]).giveUp).toEqual([])
    })

    it('is not overtaken for ever by small ones', () => {
      expect(share(5, [...held, claim('job-4', 5)])).toEqual({ granted: {}, giveUp: ['job-3'] })
    })
  })

  it('never promises more than there is, ends when all has ended, and lets nobody wait who could go on', () => {
    let seed = 7
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % below
    }
    for (let round = 0; round < 60; round += 1) {
      const size = 100
      let jobs = Array.from({ length: 6 }, (_, index) => claim(`job-${index}`, 1 + random(size)))
      for (let steps = 0; jobs.length > 0; steps += 1) {
        expect(steps).toBeLessThan(500)
        const free = size - jobs.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0)
        const { granted, giveUp } = shareRoom(jobs, { freeBytes: free, slackBytes: 0 })
        const promised = jobs.reduce(
          (sum, job) => sum + Math.max(0, (granted.get(job.jobId) ?? 0) - job.writtenBytes),
          0,
        )
        expect(promised).toBeLessThanOrEqual(free)
        expect(granted.size + giveUp.length).toBeGreaterThan(0)
        jobs = jobs.flatMap((job) => {
          if (giveUp.includes(job.jobId)) return [{ ...job, writtenBytes: 0 }]
          const bytes = granted.get(job.jobId)
          if (bytes === undefined) return [{ ...job, granted: false }]
          const writtenBytes = Math.min(bytes, job.writtenBytes + 1 + random(40))
          // Now and then one needs more than was foreseen, and waits with what it has.
          if (random(5) === 0 && job.bytes < size) {
            const more = Math.min(size, job.bytes + 10)
            return [{ ...job, writtenBytes, bytes: more, leastBytes: more, granted: false }]
          }
          return writtenBytes >= bytes ? [] : [{ ...job, bytes, writtenBytes, granted: true }]
        })
      }
    }
  })
})
