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
  const { granted, giveUp } = shareRoom(claims, { freeBytes: free, slackBytes, mostBytes: 1_000 })
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

  it('is kept for one whose estimate is above all there is, as soon as that may do', () => {
    const claims = [claim('job-1', 50, begun), claim('job-2', 800, { leastBytes: 60 }), claim('job-3', 5)]
    expect(share(60, claims).granted).toEqual({ 'job-1': 50 })
    expect(share(60, claims.slice(1)).granted).toEqual({ 'job-2': 60 })
  })

  it('is all a job’s that holds all of it, to try with that', () => {
    const full = claim('job-1', 100, { leastBytes: 20, writtenBytes: 60 })
    expect(share(0, [full]).granted).toEqual({ 'job-1': 60 })
    // Nothing is no room to try with, whatever is known of the need: others have to make it.
    const stuck = { ...full, leastBytes: 61 }
    expect(share(0, [stuck, claim('job-2', 5, { leastBytes: 0 })])).toEqual({ granted: {}, giveUp: ['job-1'] })
  })

  it('is never enough for one whose certain need is above what there can be at most', () => {
    const room = { freeBytes: 10, slackBytes: 0, mostBytes: 100 }
    const stuck = claim('job-1', 101, { writtenBytes: 80 })
    expect(shareRoom([stuck, claim('job-2', 15)], room)).toMatchObject({ hopeless: ['job-1'], giveUp: ['job-1'] })
    const guessed = claim('job-1', 500, { leastBytes: 90, writtenBytes: 80 })
    expect(shareRoom([guessed], room)).toEqual({ granted: new Map([['job-1', 90]]), giveUp: [], hopeless: [] })
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

    it('is given up by an older one, too, that could not go on even alone', () => {
      const stuck = claim('job-1', 100, { writtenBytes: 40 })
      expect(share(5, [stuck, claim('job-2', 20)])).toEqual({ granted: {}, giveUp: ['job-1'] })
      // But first by the younger.
      expect(share(0, [stuck, ...held.slice(1)]).giveUp).toEqual(['job-3', 'job-1'])
    })

    it('is not overtaken for ever by small ones', () => {
      expect(share(5, [...held, claim('job-4', 5)])).toEqual({ granted: {}, giveUp: ['job-3'] })
    })
  })
})
