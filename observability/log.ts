import { pino, type Logger } from 'pino'

/** JSON lines on standard output; the supervisor and log collectors read them. */
export const createLogger = (process: 'api' | 'worker' | 'start', level: string): Logger =>
  pino({
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
