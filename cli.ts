import { resolve } from 'node:path'
import { createApiClient, type ApiAddress } from './cli/api-client.ts'
import { parseFlags, readSubmitFlags, SUBMIT_FLAGS, SUBMIT_HELP } from './cli/arguments.ts'
import { CliError } from './cli/cli-error.ts'
import { findInstance } from './cli/find-instance.ts'
import { nameOf } from './cli/job-lines.ts'
import { reportJobs } from './cli/report.ts'
import { submitAndWatch } from './cli/submit.ts'
import { writeLinesTo } from './cli/terminal.ts'
import { watchJobs } from './cli/watch-jobs.ts'
import { JOB_STATES } from './contract/names.ts'

const HELP = `Usage: npm run cli -- COMMAND [OPTION…]

  submit URL|FILE…   submit, show progress, print the paths of what came out
  watch [ID…]        show jobs until they end; without ids all that have not ended
  list               jobs, newest first
  cancel ID…         cancel jobs
  pause ID…          pause jobs: what is finished stays
  resume ID…         go on with paused jobs
  retry ID…          run jobs again that failed or were cancelled

For submit:
${SUBMIT_HELP}

For list:
  --state NAMES          ${JOB_STATES.join(', ')}; several with commas between
  --limit NUMBER         how many; default: 20

Which Sluice:
  --data DIRECTORY       that of a Sluice on this machine; default: SLUICE_DATA, or data
  --server URL           one elsewhere, with SLUICE_TOKEN in the environment
`

const FLAGS = {
  ...SUBMIT_FLAGS,
  state: { type: 'string' },
  limit: { type: 'string', default: '20' },
  data: { type: 'string' },
  server: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

interface Target {
  address: ApiAddress
  folders: { libraryDir: string; importDir: string } | null
}

const findTarget = (flags: { data?: string | undefined; server?: string | undefined }): Target => {
  if (flags.server !== undefined) {
    const token = process.env['SLUICE_TOKEN']
    if (!token) throw new CliError('--server needs a token of that server in SLUICE_TOKEN.')
    return { address: { url: flags.server.replace(/\/+$/, ''), token }, folders: null }
  }
  const dataDir = resolve(flags.data ?? (process.env['SLUICE_DATA'] || 'data'))
  const found = findInstance(dataDir)
  if (!found) throw new CliError(`No Sluice runs with the data directory ${dataDir}. Start one with: npm start`)
  return { address: { url: found.url, token: found.token }, folders: found.instance }
}

const out = writeLinesTo(process.stdout)
const err = writeLinesTo(process.stderr)

const main = async (): Promise<number> => {
  const { values, positionals } = parseFlags(process.argv.slice(2), FLAGS)
  const [command, ...names] = positionals
  if (values.help || command === undefined) {
    out(HELP)
    return values.help ? 0 : 1
  }
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort(new CliError('Not watched any more; the jobs go on.')))
  const { address, folders } = findTarget(values)
  const client = createApiClient(address)
  const watch = async (ids: readonly string[]): Promise<boolean> => {
    const jobs = await watchJobs({ address, client, ids, stream: process.stderr, signal: interrupted.signal })
    const succeeded = await reportJobs({ jobs, client, address, libraryDir: folders?.libraryDir ?? null, out, err })
    return succeeded && jobs.length === ids.length
  }
  const needNames = () => {
    if (names.length === 0) throw new CliError(`${command} what? See --help.`)
  }

  switch (command) {
    case 'submit': {
      needNames()
      const common = { address, client, folders, out, stream: process.stderr, signal: interrupted.signal }
      return (await submitAndWatch({ ...common, sources: names, wanted: readSubmitFlags(values) })) ? 0 : 1
    }
    case 'watch': {
      const open = async () => client.jobs({ state: 'accepted,running,paused,waiting', limit: 200 })
      const ids = names.length > 0 ? names : (await open()).map(({ id }) => id)
      if (ids.length > 0) return (await watch(ids)) ? 0 : 1
      err('No job is under way.')
      return 0
    }
    case 'list':
      for (const job of await client.jobs({ state: values.state, limit: Number(values.limit) })) {
        const percent = job.percent === null ? '' : `${job.percent.toFixed(0)} %`
        out(`${job.id}  ${job.state.padEnd(9)}  ${percent.padStart(5)}  ${nameOf(job)}`)
      }
      return 0
    case 'cancel':
    case 'pause':
    case 'resume':
    case 'retry': {
      needNames()
      const acted = await client.act(command, names)
      for (const { id, job, problem } of acted) {
        if (job) out(`${id}  ${job.state}`)
        else err(`${id}  ${problem}`)
      }
      return acted.every(({ job }) => job !== null) ? 0 : 1
    }
    default:
      throw new CliError(`There is no command “${command}”. See --help.`)
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof CliError)) throw error
  err(error.message)
  process.exitCode = 1
}
