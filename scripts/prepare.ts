import { parseConfig } from '../config.ts'
import { readInstalledTools } from './installed-tools.ts'
import { reachTemporal } from './reach-temporal.ts'

/** Creates the namespace, search attributes and retention that Sluice needs on a Temporal server elsewhere; idempotent. */
const WAIT_MS = 120_000

const { temporal } = parseConfig(process.env, readInstalledTools())
const address = temporal.address ?? '127.0.0.1:7233'
const commands = await reachTemporal({ address, namespace: temporal.namespace, signal: AbortSignal.timeout(WAIT_MS) })
if (commands.length > 0) {
  process.stderr.write(`This client has no right to prepare ${address}; somebody who has must run:\n`)
  for (const command of commands) process.stderr.write(`  ${command}\n`)
  process.exitCode = 1
}
