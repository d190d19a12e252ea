import { describe, expect, it } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { type Draft, outcomeOf, parseAddresses, toSubmissions } from '../../web/src/jobs/submission.ts'

const draft = (change: Partial<Draft> = {}): Draft => ({
  addresses: '',
  preset: 'web',
  maxHeight: '',
  maxSize: '',
  sizeUnit: 'MB',
  keepSource: false,
  audioFormat: 'm4a',
  loudness: '',
  start: '',
  end: '',
  force: false,
  ...change,
})

describe('addresses of a pasted text', () => {
  it.each([
    ['one', 'https://a.example/1', ['https://a.example/1']],
    ['one a line, blanks and empty lines off', ' https://a/1 \r\n\n  https://a/2', ['https://a/1', 'https://a/2']],
    ['each once', 'https://a/1\nhttps://a/1', ['https://a/1']],
    ['several in a line', 'https://a/1 https://a/2,https://a/3', ['https://a/1', 'https://a/2', 'https://a/3']],
    ['commas within an address belong to it', 'https://a/1,2 https://a/3;4', ['https://a/1,2', 'https://a/3;4']],
    ['apart by commas and blanks', 'https://a/1, https://a/2;', ['https://a/1', 'https://a/2']],
    [
      'a list with bullets',
      '- https://a/1\n* https://a/2\n3. https://a/3',
      ['https://a/1', 'https://a/2', 'https://a/3'],
    ],
    ['what is no address stays whole, for the answer to name it', 'not an address', ['not an address']],
    ['nothing', ' \n ', []],
  ])('%s', (_name, text, addresses) => {
    expect(parseAddresses(text)).toEqual(addresses)
  })
})

describe('submissions', () => {
  it('say nothing of options that were left alone', () => {
    expect(toSubmissions(draft(), ['https://a/1'])).toEqual([
      { url: 'https://a/1', preset: 'web', force: false, options: {} },
    ])
  })

  it('carry the options in the units of the API', () => {
    const [first] = toSubmissions(draft({ maxHeight: '720', maxSize: '1,5', sizeUnit: 'GB', keepSource: true }), ['u'])
    expect(first?.options).toEqual({ maxHeight: 720, maxSizeBytes: 1_500_000_000, keepSource: true })
  })

  it('give audio its format and no height', () => {
    const [first] = toSubmissions(draft({ preset: 'audio', audioFormat: 'opus', maxHeight: '720' }), ['u'])
    expect(first?.options).toEqual({ audioFormat: 'opus' })
  })

  it.each(['0', '-3', 'much', ' '])('take %j for no size', (maxSize) => {
    expect(toSubmissions(draft({ maxSize }), ['u'])[0]?.options).toEqual({})
  })
})

it('tells what became of each address, whatever the order of the answers', () => {
  const job = { id: 'job-1', state: 'succeeded' } as Job
  const live = { id: 'job-2', state: 'running' } as Job
  const error = {
    type: '',
    title: 'No',
    status: 400,
    detail: 'url: not a URL.',
    code: 'InvalidRequest',
    requestId: null,
  }
  const outcome = outcomeOf(
    ['https://new', 'https://known', 'nonsense', 'forgotten', 'https://live'],
    [
      { index: 2, error },
      { index: 0, job },
      { index: 1, job, deduplicated: true },
      { index: 4, job: live, deduplicated: true },
    ],
  )
  expect(outcome).toEqual({
    started: 1,
    known: [
      { jobId: 'job-1', address: 'https://known', isDone: true },
      { jobId: 'job-2', address: 'https://live', isDone: false },
    ],
    refused: [
      { address: 'nonsense', reason: 'url: not a URL.' },
      { address: 'forgotten', reason: 'No answer came.' },
    ],
  })
})
