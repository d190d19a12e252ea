import { pino, type Logger } from 'pino'

/** JSON lines on standard output; the supervisor and log collectors read them. */
export const createLogger = (process: 'api' | 'worker' | 'start', level: string): Logger =>
  pino({
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })

/** The line by which a supervisor knows that a process serves: written however quiet the log is set to be. */
export const logReady = (log: Logger, fields: Record<string, unknown>): void => {
  const announcer = log.child({})
  announcer.level = 'info'
  announcer.info(fields, 'ready')
}
