import { findPort } from '../../scripts/free-port.ts'

/** A loopback port that is free, and that nobody gets by chance, for programs that can't say which one they took. */
export const freePort = (): Promise<number> =>
  findPort({ host: '127.0.0.1', set: 0, first: 0, setting: '', taken: new Set() })
