import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OWNER } from '../../api/access/principal.ts'
import { createFeedClient, progressKey } from '../../api/progress/feed-client.ts'
import { createOutbox } from '../../api/progress/outbox.ts'
import { encodeTextFrame } from '../../api/progress/text-frame.ts'

/** A client that takes messages when told to. */
const slowOutlet = () => {
  const taken: string[] = []
  const buffered: { text: string; sent: () => void }[] = []
  const closes: number[] = []
  return {
    taken,
    closes,
    outlet: {
      send: (text: string, sent: () => void) => void buffered.push({ text, sent }),
      bufferedBytes: () => buffered.reduce((sum, { text }) => sum + text.length, 0),
      close: (code: number) => void closes.push(code),
    },
    take: (count = Infinity) => {
      for (let next = buffered.shift(); next; next = count-- > 1 ? buffered.shift() : undefined) {
        taken.push(next.text)
        next.sent()
      }
    },
  }
}
const big = (name: string) => name.padEnd(40_000, '.')
const names = (texts: string[]) => texts.map((text) => text.replace(/\.+$/, ''))

describe('the outbox', () => {
  test('sends at once to a client that keeps up', () => {
    const { outlet, take, taken } = slowOutlet()
    const outbox = createOutbox(outlet)
    for (const text of ['1', '2', '3']) {
      outbox.offer('same', text)
      take()
    }
    expect(taken).toEqual(['1', '2', '3'])
  })

  test('a slow client gets the newest of each key, in order of its age', () => {
    const { outlet, take, taken } = slowOutlet()
    const outbox = createOutbox(outlet)
    outbox.offer('x', big('x0'))
    outbox.offer('y', big('y0'))
    for (let turn = 1; turn <= 50; turn += 1) {
      outbox.offer('x', big(`x${turn}`))
      outbox.offer('y', big(`y${turn}`))
    }
    outbox.offer('x', big('x51'))
    take()
    expect(names(taken)).toEqual(['x0', 'y0', 'y50', 'x51'])
  })

  test('text is made when it is sent, and not at all when it is taken back', () => {
    const { outlet, take, taken } = slowOutlet()
    const outbox = createOutbox(outlet)
    outbox.answer(big('a').repeat(2))
    let made = 0
    const make = () => `made ${(made += 1)}`
    outbox.offer('job1 snapshot', make)
    outbox.offer('job2 snapshot', make)
    outbox.withdraw('job1 ')
    expect(made).toBe(0)
    take()
    expect(taken.slice(1)).toEqual(['made 1'])
  })

  test('answers pile up to 1 MiB, then the client is sent away', () => {
    const { outlet, closes, take, taken } = slowOutlet()
    const outbox = createOutbox(outlet)
    for (let count = 0; count < 40; count += 1) outbox.answer(big(String(count)))
    expect(closes).toEqual([1013])
    take()
    expect(taken).toHaveLength(26)
    outbox.offer('late', 'late')
    outbox.answer('late')
    expect(taken).toHaveLength(26)
  })

  test('whatever the pace, the last message of every key arrives and none arrives after a newer one', () => {
    const event = fc.oneof(
      fc.record({ key: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ take: fc.integer({ min: 1, max: 5 }) }),
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const { outlet, take, taken } = slowOutlet()
        const outbox = createOutbox(outlet)
        const newest = new Map<string, number>()
        events.forEach((happening, index) => {
          if ('take' in happening) return take(happening.take)
          newest.set(happening.key, index)
          outbox.offer(happening.key, big(`${happening.key}:${index}`))
        })
        take()
        for (const key of ['a', 'b', 'c']) {
          const numbers = names(taken).flatMap((text) => (text.startsWith(key) ? [Number(text.split(':')[1])] : []))
          expect(numbers).toEqual(numbers.toSorted((one, other) => one - other))
          expect(numbers.at(-1)).toBe(newest.get(key))
        }
      }),
    )
  })
})

describe('a slow client of the feed', () => {
  /** A client with one job shown, and so much unsent that everything after it waits. */
  const busyClient = () => {
    const slow = slowOutlet()
    const client = createFeedClient({ outlet: slow.outlet, principal: OWNER })
    client.snapshot('one', () => big('snapshot one').repeat(2))
    return { ...slow, client }
  }

  test('is not told of the readings of a job that has ended meanwhile, but of its end', () => {
    const { client, take, taken } = busyClient()
    client.progress('one', { key: progressKey('one', 'download a'), text: 'progress a' })
    client.state('one', [{ key: 'download', text: 'state running' }], false)
    client.progress('one', { key: progressKey('one', 'download b'), text: 'progress b' })
    client.state('one', [{ key: 'download', text: 'state ended' }], true)
    take()
    expect(taken.slice(1)).toEqual(['state ended'])
  })

  test('is told the steps that changed, each with its newest state', () => {
    const { client, take, taken } = busyClient()
    client.state(
      'one',
      [
        { key: 'resolve', text: 'resolve 2' },
        { key: 'download', text: 'download 2' },
      ],
      false,
    )
    client.state('one', [{ key: 'download', text: 'download 3' }], false)
    take()
    expect(taken.slice(1)).toEqual(['resolve 2', 'download 3'])
  })

  test('gets a new snapshot or a removal instead of all that waits for the job', () => {
    const { client, take, taken } = busyClient()
    client.snapshot('two', () => 'snapshot two')
    client.state('one', [{ key: '', text: 'state' }], false)
    client.snapshot('one', () => 'snapshot one again')
    client.removed('two', 'removed two')
    take()
    expect(taken.slice(1)).toEqual(['snapshot one again', 'removed two'])
  })

  test('hears nothing of a job before its snapshot', () => {
    const { client, take, taken } = busyClient()
    client.progress('two', { key: progressKey('two', 'download'), text: 'progress' })
    client.state('two', [{ key: '', text: 'state' }], false)
    take()
    expect(taken).toHaveLength(1)
  })
})

describe('a text frame', () => {
  test.each([
    ['', '8100'],
    ['Hello', '810548656c6c6f'],
    ['x'.repeat(125), '817d'],
    ['x'.repeat(126), '817e007e'],
    ['ü'.repeat(100), '817e00c8'],
    ['x'.repeat(65_535), '817effff'],
    ['x'.repeat(65_536), '817f0000000000010000'],
  ])('of %#. begins as RFC 6455 says and carries the text', (text, start) => {
    const frame = encodeTextFrame(text)
    expect(frame.toString('hex')).toMatch(new RegExp(`^${start}`))
    expect(frame.subarray(frame.length - Buffer.byteLength(text)).toString()).toBe(text)
    expect(frame.length - Buffer.byteLength(text)).toBe(
      text.length < 126 && text[0] !== 'ü' ? 2 : text.length < 65_536 ? 4 : 10,
    )
  })
})
