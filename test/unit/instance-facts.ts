import type { Instance } from '../../contract/instance.ts'

/** An instance that this process runs; whatever else it has is of no matter. */
export const instanceFacts = (): Omit<Instance, 'processes'> => ({
  pid: process.pid,
  startedAt: '2026-01-01T00:00:00.000Z',
  url: 'http://127.0.0.1:8080',
  temporalAddress: '127.0.0.1:7233',
  temporalUiUrl: null,
  libraryDir: '/library',
  importDir: '/import',
})
