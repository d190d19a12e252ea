import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createCatalogAudit } from '../catalog/audit.ts'
import { connectDatabase } from '../catalog/connect.ts'
import { createMediaQueries } from '../catalog/media-queries.ts'
import { parseFlags } from '../cli/arguments.ts'
import { CliError } from '../cli/cli-error.ts'
import { writeLinesTo } from '../cli/terminal.ts'
import { parseConfig, type Config } from '../config.ts'
import { endWithResult } from './end-with-result.ts'
import { readInstalledTools } from './installed-tools.ts'
import { createStopSignal } from './stop-signal.ts'
import { isHarmless } from './verify/finding.ts'
import { showProgress } from './verify/progress-line.ts'
import { repair } from './verify/repair.ts'
import { countByKind, describeFindings, type VerifyResult } from './verify/report.ts'
import { verify } from './verify/verify.ts'

const HELP = `Usage: npm run verify [-- --quick] [--repair]

Compares the library with the catalog, and looks for what was left behind. An instance may run meanwhile.

  --quick    compares sizes only, not contents
  --repair   puts right what can be put right without losing anything

Ends with 0 where all is well, with 1 where something is wrong still, with 2 where it could not look.
The last line is RESULT and JSON.`

const FLAGS = {
  quick: { type: 'boolean' },
  repair: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const out = writeLinesTo(process.stdout)

interface Wanted {
  quick: boolean
  mend: boolean
  signal: AbortSignal
}

const verifyAndRepair = async (config: Config, { quick, mend, signal }: Wanted): Promise<VerifyResult> => {
  const startedAt = performance.now()
  const { dataDir, libraryDir } = config
  if (config.database.url === null && !existsSync(join(dataDir, 'catalog.db'))) {
    throw new CliError(`There is no catalog in ${dataDir}: set SLUICE_DATA or DATABASE_URL to where it is.`)
  }
  const knex = await connectDatabase(config)
  const audit = createCatalogAudit(knex)
  const media = createMediaQueries(knex)
  try {
    if (!(await audit.hasTables())) throw new CliError('The catalog is empty: Sluice has never run with it.')
    const counts = await audit.countMedia()
    const progress = showProgress(process.stderr, counts.bytes)
    const found = await verify({ audit, media, dataDir, libraryDir, quick, signal, onBytes: progress.add })
    progress.end()
    const stamp = new Date().toISOString().replaceAll(/[:.]/g, '')
    const repaired = mend ? await repair({ audit, media, dataDir, libraryDir, stamp }, found) : []
    for (const line of describeFindings(found, mend)) out(line)
    const wrong = found.filter((finding) => !isHarmless(finding)).length - repaired.length
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10
    out(`${counts.media} media, ${counts.files} files: ${wrong === 0 ? 'all is well' : `${wrong} wrong`}`)
    return { ok: wrong === 0, quick, ...counts, found: countByKind(found), repaired: repaired.length, wrong, seconds }
  } finally {
    await knex.destroy()
  }
}

await endWithResult(out, async () => {
  const { values } = parseFlags(process.argv.slice(2), FLAGS)
  if (values.help) {
    out(HELP)
    return null
  }
  const config = parseConfig(process.env, readInstalledTools())
  const signal = createStopSignal(() => process.exit(130))
  return verifyAndRepair(config, { quick: values.quick ?? false, mend: values.repair ?? false, signal })
})
