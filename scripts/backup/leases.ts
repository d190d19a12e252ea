import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { LEASE_FILE, readLease } from '../../storage/lease.ts'

/**
 * Keeps who was working on what. The copy of Temporal waits a minute for a word of them; a worker that finds the leases of dead
 * predecessors gives their work back at once.
 */
export const copyLeases = async (fromDataDir: string, toDataDir: string): Promise<void> => {
  const scratch = join(fromDataDir, 'scratch')
  for (const name of await readdir(scratch).catch(() => [])) {
    const lease = await readLease(join(scratch, name))
    if (lease === null) continue
    const dir = join(toDataDir, 'scratch', name)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    // The holder may be alive, and has no part in the copy.
    const ended = { ...lease, host: hostname(), pidStartedAt: 'before the backup' }
    await writeFile(join(dir, LEASE_FILE), JSON.stringify(ended), { mode: 0o600 })
  }
}
