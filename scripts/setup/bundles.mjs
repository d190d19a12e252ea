import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { hashOf, readStamp, ROOT, SetupError, writeStamp } from './project.mjs'
import { run } from './run.mjs'

const BUNDLES = [
  {
    name: 'workflows',
    title: 'workflow bundle',
    source: 'scripts/build-workflows.ts',
    output: 'dist/workflows.js',
    inputs: ['workflows/', 'contract/', 'scripts/build-workflows.ts', 'package-lock.json'],
    args: ['--import', 'tsx', 'scripts/build-workflows.ts'],
  },
  {
    name: 'programs',
    title: 'API and worker',
    source: 'scripts/build-programs.ts',
    output: 'dist/worker.js',
    inputs: [
      'activities/',
      'api/',
      'catalog/',
      'config.ts',
      'contract/',
      'dispatch/',
      'observability/',
      'package-lock.json',
      'progress/',
      'scripts/build-programs.ts',
      'scripts/installed-tools.ts',
      'setting-kinds.ts',
      'storage/',
      'tools/',
      'worker.ts',
    ],
    args: ['--import', 'tsx', 'scripts/build-programs.ts'],
  },
  {
    name: 'web',
    title: 'web page',
    source: 'web/index.html',
    output: 'dist/web/index.html',
    inputs: ['web/', 'contract/', 'package-lock.json'],
    args: ['node_modules/vite/bin/vite.js', 'build', 'web', '--logLevel', 'warn'],
  },
]

/** Bundles whose sources are not those they were built from. */
export const staleBundles = () => {
  const stamp = readStamp()
  return BUNDLES.filter(({ source }) => existsSync(join(ROOT, source)))
    .map((bundle) => ({ ...bundle, hash: hashOf(bundle.inputs) }))
    .filter(({ name, output, hash }) => stamp[name] !== hash || !existsSync(join(ROOT, output)))
}

export const buildBundles = async (tasks) => {
  await Promise.all(
    staleBundles().map(({ name, title, args, hash }) =>
      tasks.run({
        title,
        work: async () => {
          const { ok, output } = await run({ command: process.execPath, args })
          if (!ok) throw new SetupError(`The ${title} could not be built:\n${output}`)
          writeStamp({ [name]: hash })
        },
      }),
    ),
  )
}
