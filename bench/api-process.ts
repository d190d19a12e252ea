import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The API as it is run, in a process of its own. */
export interface ApiProcess {
  port: number
  /** The owner's. */
  token: string
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Starts the API on a free port over its own data directory. */
export const startApiProcess = async (settings: { dataDir: string; temporalAddress: string }): Promise<ApiProcess> => {
  const child = spawn(process.execPath, ['--enable-source-maps', join(ROOT, 'dist', 'api.js')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      SLUICE_DATA: settings.dataDir,
      SLUICE_PORT: '0',
      TEMPORAL_ADDRESS: settings.temporalAddress,
    },
  })
  const stop = async () => {
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const { msg, port } = JSON.parse(line) as { msg: string; port?: number }
    if (msg !== 'ready' || port === undefined) continue
    // Nobody reads on, and a full pipe would stop the process.
    child.stdout.resume()
    return { port, token: (await readFile(join(settings.dataDir, 'keys', 'owner-token'), 'utf8')).trim(), stop }
  }
  throw new Error('the API did not start')
}
