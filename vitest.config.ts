import { defineConfig } from 'vitest/config'

/** Projects by what their tests need, quickest first. */
const project = (name: string, limits: { testTimeout: number; parallel: boolean }) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: limits.testTimeout,
    hookTimeout: 120_000,
    fileParallelism: limits.parallel,
    pool: 'forks' as const,
  },
})

export default defineConfig({
  test: {
    // Tests that drive encoders and servers wait half of their time; more than two would only slow each other down.
    maxWorkers: 2,
    projects: [
      project('unit', { testTimeout: 10_000, parallel: true }),
      project('workflow', { testTimeout: 60_000, parallel: false }),
      project('replay', { testTimeout: 60_000, parallel: false }),
      project('integration', { testTimeout: 120_000, parallel: true }),
      project('browser', { testTimeout: 120_000, parallel: false }),
    ],
  },
})
