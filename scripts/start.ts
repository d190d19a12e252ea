import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseFlags, readSubmitFlags, SUBMIT_FLAGS, SUBMIT_HELP } from '../cli/arguments.ts'
import { CliError } from '../cli/cli-error.ts'
import { writeLinesTo } from '../cli/terminal.ts'
import { ConfigError, parseConfig, settings } from '../config.ts'
import { readInstalledTools } from './installed-tools.ts'
import { isProgram } from './is-program.ts'
import { startInstance, type InstanceOptions, type RunningInstance } from './instance.ts'
import { StartError } from './start-error.ts'
import { demonstrate, submitOnce } from './start-once.ts'
import { createStopSignal } from './stop-signal.ts'

const HELP = `Usage: npm start                       run Sluice until Ctrl-C
       npm start -- URL… | FILE…       submit these, to the Sluice that runs or one just for them
       npm start -- --demo             the same with a clip made for it; needs no network

Options beside URL or FILE:
${SUBMIT_HELP}

Settings, from the environment:
${settings.map(({ name, meaning }) => `  ${name.padEnd(26)} ${meaning}`.trimEnd()).join('\n')}
`

const FLAGS = { ...SUBMIT_FLAGS, demo: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

const out = writeLinesTo(process.stdout)
const err = writeLinesTo(process.stderr)

const addresses = ({ url, token, temporalUiUrl }: RunningInstance, dataDir: string): string =>
  [
    `  Page       ${url}/sign-in?token=${token}   (the link signs you in)`,
    `  API        ${url}/docs`,
    ...(temporalUiUrl === null ? [] : [`  Temporal   ${temporalUiUrl}`]),
    `  Data       ${dataDir}   (logs in ${join(dataDir, 'logs')})`,
    'Ctrl-C stops it; unfinished jobs go on at the next start.',
  ].join('\n')

/** A Temporal elsewhere that is there has a worker ready within this after the API. */
const READY_SOON_MS = 5_000

/** Says where all is, and when jobs begin; @throws StartError where they never will. */
const announce = async (instance: RunningInstance, dataDir: string): Promise<void> => {
  const timer = new AbortController()
  const late = sleep(READY_SOON_MS, true, { signal: timer.signal }).catch(() => false)
  const isLate = await Promise.race([instance.ready.then(() => false), late]).finally(() => timer.abort())
  if (isLate) out(`Sluice accepts jobs; its worker waits for Temporal at ${instance.temporalAddress}.`)
  else out('Sluice is running.')
  out(addresses(instance, dataDir))
  if (!isLate) return
  await instance.ready
  out('The worker has begun: Sluice is running.')
}

/** Runs until `signal` says to stop, which is no failure at whatever moment it comes. */
const runUntilStopped = async (options: InstanceOptions): Promise<void> => {
  const { signal, config } = options
  out('Starting Sluice')
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      out('Stopping Sluice')
      reject(signal.reason as Error)
    })
  })
  // The start itself ends by the same reason, and is looked at first.
  stopped.catch(() => undefined)
  try {
    const instance = await startInstance(options)
    try {
      await Promise.race([announce(instance, config.dataDir).then(() => stopped), stopped])
    } finally {
      await instance.stop()
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error
  }
  out('Sluice has stopped.')
}

const main = async (): Promise<number> => {
  const { values, positionals } = parseFlags(process.argv.slice(2), FLAGS)
  if (values.help) {
    out(HELP)
    return 0
  }
  const env = process.env
  const config = parseConfig(env, readInstalledTools(), (program) => isProgram(program, env['PATH'] ?? ''))
  const wanted = readSubmitFlags(values)
  let started: Pick<RunningInstance, 'kill'> | null = null
  const onStarted = (instance: Pick<RunningInstance, 'kill'>) => {
    started = instance
  }
  const signal = createStopSignal(() => {
    started?.kill()
    process.exit(130)
  })
  const common = { config, env, signal, onStarted }
  if (values.demo) return (await demonstrate({ ...common, wanted })) ? 0 : 1
  if (positionals.length > 0) return (await submitOnce({ ...common, wanted }, positionals)) ? 0 : 1

  await runUntilStopped({ ...common, say: (line) => err(`${new Date().toLocaleTimeString()} ${line}`) })
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  const isExpected = error instanceof StartError || error instanceof CliError || error instanceof ConfigError
  const isStop = error instanceof Error && error.name === 'AbortError'
  if (isStop) process.exitCode = 130
  else {
    err(isExpected ? error.message : `Sluice could not go on: ${error instanceof Error ? error.stack : String(error)}`)
    process.exitCode = 1
  }
}
