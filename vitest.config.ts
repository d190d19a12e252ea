import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Projects by what their tests need. */
const project = (name: string, testTimeout: number, globalSetup: string[] = []) => ({
  test: {
    name,
    // Modules keep no state, so that unit tests may share them: a third of the time.
    isolate: name !== 'unit',
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 120_000,
    pool: 'forks' as const,
    globalSetup,
  },
})

const BUNDLES = ['test/fresh-bundles.ts']

export default defineConfig({
  test: {
    // Tests that drive encoders and servers take a core or two each, and promises of seconds do not hold on cores that are overrun.
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
    projects: [
      project('unit', 10_000),
      project('workflow', 60_000, BUNDLES),
      project('replay', 60_000, BUNDLES),
      project('integration', 120_000, BUNDLES),
      project('browser', 120_000, BUNDLES),
      project('chaos', 240_000, BUNDLES),
    ],
  },
})
