import { resolve } from 'node:path'
import { parseFlags } from '../cli/arguments.ts'
import { CliError } from '../cli/cli-error.ts'
import { writeLinesTo } from '../cli/terminal.ts'
import { parseConfig } from '../config.ts'
import { restoreBackup } from './backup/restore-backup.ts'
import { endWithResult } from './end-with-result.ts'
import { readInstalledTools } from './installed-tools.ts'

const HELP = `Usage: npm run restore -- DIR

Makes the data directory that SLUICE_DATA names of the backup in DIR. It must not hold a catalog; files that are in the library
already stay. With the catalog in MySQL, DATABASE_URL must name an empty database.

The last line is RESULT and JSON.`

const FLAGS = { help: { type: 'boolean', short: 'h' } } as const

const out = writeLinesTo(process.stdout)

await endWithResult(out, async () => {
  const { values, positionals } = parseFlags(process.argv.slice(2), FLAGS)
  const [source] = positionals
  if (values.help) {
    out(HELP)
    return null
  }
  if (source === undefined || positionals.length > 1) throw new CliError('One folder is wanted. See --help.')
  const config = parseConfig(process.env, readInstalledTools())
  const backup = await restoreBackup({ config, dir: resolve(source) })
  out(`${config.dataDir} is as it was at ${backup.createdAt}: start it with npm start, check it with npm run verify.`)
  return { ok: true, dataDir: config.dataDir, ...backup }
})
