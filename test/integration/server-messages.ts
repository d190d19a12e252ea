import type { ServerMessage } from '../../contract/socket.ts'

/** Whether a message shows the job in a state: when it comes to it, or as it is found. */
export const inState =
  (...states: string[]) =>
  (message: ServerMessage): boolean =>
    (message.type === 'state' && states.includes(message.state)) ||
    (message.type === 'snapshot' && states.includes(message.job.state))

/** Whether a message is a reading of a step that has begun in earnest. */
export const progressOf =
  (step: string) =>
  (message: ServerMessage): boolean =>
    message.type === 'progress' && message.step === step && message.done > 0
