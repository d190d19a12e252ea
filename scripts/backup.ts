import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseFlags } from '../cli/arguments.ts'
import { CliError } from '../cli/cli-error.ts'
import { writeLinesTo } from '../cli/terminal.ts'
import { parseConfig } from '../config.ts'
import { makeBackup } from './backup/make-backup.ts'
import { endWithResult } from './end-with-result.ts'
import { readInstalledTools } from './installed-tools.ts'

const HELP = `Usage: npm run backup -- DIR [--copy]

Copies everything that can't be made again into DIR, which must be new or empty, while an instance may run.

  --copy   gives the backup bytes of its own where it lies on the library's file system; else it has other names of the same
           files, which costs no room and no time, and does not survive the disk

The last line is RESULT and JSON.`

const FLAGS = { copy: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

const out = writeLinesTo(process.stdout)

/** Of the tools' own environment, or where these came without one. */
const findPython = (): string => {
  const own = fileURLToPath(new URL('../.tools/venv/bin/python', import.meta.url))
  return existsSync(own) ? own : 'python3'
}

await endWithResult(out, async () => {
  const { values, positionals } = parseFlags(process.argv.slice(2), FLAGS)
  const [target] = positionals
  if (values.help) {
    out(HELP)
    return null
  }
  if (target === undefined || positionals.length > 1) throw new CliError('One folder is wanted. See --help.')
  const config = parseConfig(process.env, readInstalledTools())
  const dir = resolve(target)
  if (!relative(config.libraryDir, dir).startsWith('..')) throw new CliError('A backup can not lie in the library.')
  const backup = await makeBackup({ config, dir, wantsLinks: !(values.copy ?? false), python: findPython(), say: out })
  out(`${backup.media} media with ${backup.files} files, of which ${backup.linked} share their bytes with the library.`)
  out(`Restore it by: SLUICE_DATA=… npm run restore -- ${dir}`)
  return { ok: true, dir, ...backup }
})
