import { formatResult, type BenchResult } from './result.ts'

/** `npm run bench -- NAME`: measures, prints a table and a RESULT line, and ends with 0 whether targets are kept or not. */
const BENCHES: Readonly<Record<string, () => Promise<{ run: () => Promise<BenchResult> }>>> = {
  pipeline: () => import('./pipeline.ts'),
  resume: () => import('./resume.ts'),
  spawn: () => import('./spawn.ts'),
  submit: () => import('./submit.ts'),
  progress: () => import('./progress.ts'),
}

const name = process.argv[2] ?? ''
const load = BENCHES[name]
if (load === undefined) {
  console.error(`Usage: npm run bench -- ${Object.keys(BENCHES).join(' | ')}`)
  process.exitCode = 2
} else {
  const { run } = await load()
  console.log(formatResult(await run()))
}
