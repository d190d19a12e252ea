import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createApiClient } from '../cli/api-client.ts'
import type { SubmitOptions } from '../cli/arguments.ts'
import type { Display } from '../cli/display.ts'
import { findInstance } from '../cli/find-instance.ts'
import { checkSources, submitAndWatch } from '../cli/submit.ts'
import { writeLinesTo } from '../cli/terminal.ts'
import { parseConfig, type Config } from '../config.ts'
import { openDemoOrigin } from './demo.ts'
import { startInstance, type RunningInstance } from './instance.ts'
import { readInstalledTools } from './installed-tools.ts'

export interface OnceOptions {
  config: Config
  env: NodeJS.ProcessEnv
  wanted: SubmitOptions
  signal: AbortSignal
  /** Tells of what was started, so that somebody in a hurry can end it. */
  onStarted: (instance: Pick<RunningInstance, 'kill'>) => void
}

const say = writeLinesTo(process.stderr)
const out = writeLinesTo(process.stdout)

/** Submits to the instance that runs, or else to one that is started for it and stopped again. @returns Whether all succeeded. */
export const submitOnce = async (options: OnceOptions, sources: readonly string[]): Promise<boolean> => {
  const running = findInstance(options.config.dataDir)
  if (running) {
    const client = createApiClient(running)
    const common = { client, sources, wanted: options.wanted, signal: options.signal, out, stream: process.stderr }
    return submitAndWatch({ ...common, address: running, folders: running.instance })
  }
  // Before anything is started for them.
  await checkSources(sources)
  return withInstance(options, sources)
}

const withInstance = async (options: OnceOptions, sources: readonly string[]): Promise<boolean> => {
  const { config, env, wanted, signal, onStarted } = options
  let display: Display | null = null
  const sayAbove = (line: string) => (display ? display.say(line) : say(line))
  say('Starting Sluice')
  const instance = await startInstance({ config, env, say: sayAbove, signal, onStarted })
  const lost = new AbortController()
  instance.ready.catch((error: unknown) => lost.abort(error))
  try {
    say(`Sluice is at ${instance.url}${instance.temporalUiUrl ? `, Temporal at ${instance.temporalUiUrl}` : ''}`)
    return await submitAndWatch({
      address: instance,
      client: createApiClient(instance),
      sources,
      wanted,
      folders: { libraryDir: config.libraryDir, importDir: config.importDir },
      // Without a worker the jobs would never end.
      signal: AbortSignal.any([signal, lost.signal]),
      out,
      stream: process.stderr,
      onDisplay: (shown) => {
        display = shown
      },
    })
  } finally {
    say('Stopping Sluice')
    await instance.stop()
  }
}

/** Settings of the instance that runs already, which the demonstration must not share. */
const OWN_SETTINGS = [
  'SLUICE_LIBRARY',
  'SLUICE_IMPORT',
  'SLUICE_PORT',
  'SLUICE_TEMPORAL_PORT',
  'SLUICE_TEMPORAL_UI_PORT',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_UI_URL',
  'DATABASE_URL',
]

/**
 * The whole way with a clip of our own from an origin of our own. Beside an instance that runs it has a data directory of its
 * own within that one's, which stays: the files are in it.
 */
export const demonstrate = async (options: OnceOptions): Promise<boolean> => {
  const { config, env, signal } = options
  const origin = await openDemoOrigin({ ffmpeg: config.tools.ffmpeg, dataDir: config.dataDir, signal })
  try {
    const allowed = [...config.allowAddresses, origin.address].join(',')
    const own: NodeJS.ProcessEnv = { ...env, SLUICE_ALLOW_ADDRESSES: allowed }
    if (findInstance(config.dataDir)) {
      for (const name of OWN_SETTINGS) delete own[name]
      own['SLUICE_DATA'] = mkdtempSync(join(config.dataDir, 'demo-'))
    }
    const demoConfig = parseConfig(own, readInstalledTools())
    return await withInstance({ ...options, config: demoConfig, env: own }, [origin.url])
  } finally {
    await origin.close()
  }
}
