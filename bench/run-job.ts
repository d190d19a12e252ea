import { createApiClient, type ApiAddress, type JobRequest } from '../cli/api-client.ts'
import { followJobs } from '../cli/progress-socket.ts'
import { isEnded } from '../contract/names.ts'
import type { ServerMessage } from '../contract/socket.ts'

export type ProgressMessage = Extract<ServerMessage, { type: 'progress' }>

/** Submits, and watches over the progress socket until the job has ended. */
export const runJob = async (
  address: ApiAddress,
  request: JobRequest,
  onProgress: (message: ProgressMessage) => void = () => {},
): Promise<void> => {
  const [submitted] = await createApiClient(address).submit([{ ...request, preset: 'stream', force: true }])
  if (!submitted || 'error' in submitted) throw new Error(`not accepted: ${JSON.stringify(submitted)}`)
  await new Promise<void>((succeeded, failed) => {
    const stop = followJobs({
      ...address,
      jobs: [submitted.job.id],
      onAway: () => undefined,
      onMessage: (message) => {
        if (message.type === 'progress') onProgress(message)
        const ended = message.type === 'snapshot' ? message.job : message
        if (!('state' in ended) || !isEnded(ended.state)) return
        stop()
        if (ended.state === 'succeeded') succeeded()
        else failed(new Error(`the job ${ended.state}: ${JSON.stringify(ended.error)}`))
      },
    })
  })
}
