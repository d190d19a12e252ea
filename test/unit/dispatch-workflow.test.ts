import { ApplicationFailure } from '@temporalio/common'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fairnessKeyOf, searchAttributes, summaryOf } from '../../dispatch/start-workflow.ts'
import { toWorkflowFailure } from '../../dispatch/temporal-errors.ts'

const source = { url: null, file: null, title: null, site: null }

describe('the summary in the Web UI', () => {
  it.each([
    [{ ...source, title: 'A  clip\nof two lines', url: 'https://example.org/' }, 'A clip of two lines'],
    [{ ...source, url: 'https://example.org/watch?v=1&token=secret' }, 'https://example.org/watch'],
    [{ ...source, url: 'https://example.org/clip#t=1\n?x' }, 'https://example.org/clip'],
    [{ ...source, file: 'films/clip.mp4' }, 'films/clip.mp4'],
  ])('%j', (of, summary) => {
    expect(summaryOf(of)).toBe(summary)
  })

  it('fits the limit of the server whatever the title is, without a broken character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 0, maxLength: 900 }), (title) => {
        const summary = summaryOf({ ...source, title })
        expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(400)
        expect(summary.includes('\uFFFD') && !title.includes('\uFFFD')).toBe(false)
      }),
    )
    expect(summaryOf({ ...source, title: '🎬'.repeat(400) })).toBe(`${'🎬'.repeat(98)}…`)
  })
})

describe('what Temporal is told of a job', () => {
  it('has a fairness key of at most 64 bytes, its own for each owner', () => {
    expect(fairnessKeyOf('owner')).toBe('owner')
    const long = fairnessKeyOf('ü'.repeat(33))
    expect(Buffer.byteLength(long)).toBe(64)
    expect(fairnessKeyOf('ü'.repeat(34))).not.toBe(long)
  })

  it('leaves the site out where there is none', () => {
    expect(searchAttributes({ kind: 'ingest', owner: 'owner', site: null }).map(({ value }) => value)).toEqual([
      'ingest',
      'owner',
    ])
  })
})

describe('what a workflow failed with', () => {
  it('is the typed failure deepest within', () => {
    const deepest = ApplicationFailure.nonRetryable('gone', 'SourceNotFound', { tool: 'yt-dlp' })
    const outer = new Error('activity failed', { cause: new Error('once more', { cause: deepest }) })
    expect(toWorkflowFailure(outer)).toMatchObject({
      failure: { code: 'SourceNotFound', message: 'gone', retryable: false },
      details: { tool: 'yt-dlp' },
    })
  })

  it('is Internal when nobody typed it', () => {
    expect(toWorkflowFailure(new Error('oops')).failure).toMatchObject({ code: 'Internal', message: 'oops' })
    expect(toWorkflowFailure('what').failure.code).toBe('Internal')
  })
})
