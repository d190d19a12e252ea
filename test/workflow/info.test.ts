import { ApplicationFailure } from '@temporalio/common'
import { expect, it } from 'vitest'
import { TASK_QUEUES } from '../../contract/names.ts'
import { fakeActivities, useServer } from './harness.ts'

const { client, serve, recorded } = useServer()

const ask = (workflowId: string): Promise<unknown> => {
  const options = { workflowId, taskQueue: TASK_QUEUES.control, args: [{ url: 'https://example.org/clip' }] }
  return recorded(workflowId, () => client().execute('info', options))
}

it('info gives what is at an address', async () => {
  const found = { title: 'A clip' }
  serve(fakeActivities({ inspect: async () => found as never }).activities)
  expect(await ask('info-1')).toEqual(found)
})

it('info fails as the source does', async () => {
  const gone = ApplicationFailure.nonRetryable('It is gone.', 'SourceNotFound')
  serve(fakeActivities({ inspect: () => Promise.reject(gone) }).activities)
  await expect(ask('info-2')).rejects.toMatchObject({ cause: { cause: { type: 'SourceNotFound' } } })
})
