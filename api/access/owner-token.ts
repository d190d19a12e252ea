import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readOrCreateSecret } from '../../progress/secret-file.ts'
import { OWNER } from './principal.ts'
import type { Tokens } from './tokens.ts'

const DAY_SECONDS = 24 * 3_600
/** Long, because it lies in a file that only its owner can read and whoever can read that file can read the key too. */
const LIFETIME_SECONDS = 365 * DAY_SECONDS
/** Replaced at a start this long before it expires, so that a server that runs for weeks never locks its owner out. */
const RENEW_BEFORE_MS = 60 * DAY_SECONDS * 1_000

/**
 * The owner's token, kept in `keys/owner-token` with mode 0600; made at the first start, and again when it nears its end or
 * the signing key has changed.
 */
export const ensureOwnerToken = async ({ dataDir, tokens }: { dataDir: string; tokens: Tokens }): Promise<string> => {
  const path = join(dataDir, 'keys', 'owner-token')
  const issue = () => tokens.issue({ principal: OWNER, lifetimeSeconds: LIFETIME_SECONDS })
  const kept = await readOrCreateSecret(path, issue)
  const claims = await tokens.verify(kept)
  if (claims && claims.expiresAt - Date.now() > RENEW_BEFORE_MS) return kept
  const renewed = await issue()
  const draft = `${path}.${process.pid}`
  await rm(draft, { force: true })
  await writeFile(draft, `${renewed}\n`, { mode: 0o600, flag: 'wx' })
  await rename(draft, path)
  return renewed
}
