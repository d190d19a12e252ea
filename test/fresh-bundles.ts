import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Before tests that run the programs or the page: what is bundled is of today's sources, and what tests need is there, however vitest was called. */
export const setup = async (): Promise<void> => {
  const script = fileURLToPath(new URL('../scripts/setup.mjs', import.meta.url))
  await promisify(execFile)(process.execPath, [script, '--test'])
}
