import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * Projects by what their tests need. A time limit is for what hangs, and far beyond what a machine takes that has other things to
 * do: what is promised to be quick is measured by its own test.
 */
const project = (name: string, testTimeout: number, globalSetup: string[] = []) => ({
  test: {
    name,
    // Modules keep no state, so that unit tests may share them: a third of the time.
    isolate: name !== 'unit',
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
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
      project('unit', 60_000),
      project('workflow', 180_000, BUNDLES),
      project('replay', 180_000, BUNDLES),
      project('integration', 300_000, BUNDLES),
      project('browser', 300_000, BUNDLES),
      project('chaos', 1_800_000, BUNDLES),
    ],
  },
})
