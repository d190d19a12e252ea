import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ToolPaths } from '../config.ts'

/** What set-up records: the tools, and the programs that only tests need. Absolute paths. */
export type InstalledTools = Partial<ToolPaths> & { testServer?: string; chromium?: string; mariadbd?: string }

/** The paths that scripts/setup.mjs recorded; nothing where it has not run. For the second argument of `parseConfig`. */
export const readInstalledTools = (): InstalledTools => {
  try {
    return JSON.parse(readFileSync(fileURLToPath(new URL('../.tools/tools.json', import.meta.url)), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
}
