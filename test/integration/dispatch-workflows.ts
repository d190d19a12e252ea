import { ApplicationFailure, condition, sleep } from '@temporalio/workflow'
import type { Info } from '../../contract/media.ts'
import type { JobInput } from '../../contract/steps.ts'

/** Workflows that end as `passthrough` says, for tests of what is done about the ends of workflows. */
export const ingest = async ({ passthrough }: JobInput): Promise<{ mediaIds: string[]; reused: boolean }> => {
  if (passthrough === 'succeed') return { mediaIds: ['media'], reused: false }
  if (passthrough === 'fail') throw ApplicationFailure.nonRetryable('It is gone.', 'SourceNotFound')
  // Not a failure of the workflow but of its code: the workflow task is tried again for ever.
  if (passthrough === 'break') throw new Error('a mistake in the code')
  await condition(() => false)
  throw new Error('never')
}

export const info = async ({ url }: { url: string }): Promise<Info> => {
  if (url.endsWith('/slow')) await sleep('1 hour')
  if (url.endsWith('/gone')) throw ApplicationFailure.nonRetryable('It is gone.', 'SourceNotFound')
  return {
    url,
    title: 'A clip',
    extractor: 'generic',
    id: 'clip',
    uploader: null,
    durationMs: null,
    live: false,
    site: 'example.org',
    thumbnailUrl: null,
    formats: [],
    cached: false,
  }
}
