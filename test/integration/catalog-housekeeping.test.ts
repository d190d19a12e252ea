import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openCatalog } from '../../catalog/catalog.ts'
import { startHousekeeping } from '../../catalog/housekeeping.ts'
import type { Info } from '../../contract/media.ts'
import { createLogger } from '../../observability/log.ts'

it('removes expired answers and keeps the others', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-catalog-'))
  const catalog = await openCatalog({ dataDir, database: { url: null, pool: 1 } })
  onTestFinished(async () => {
    await catalog.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  const info = { url: 'https://example.org/', title: 'A clip' } as Info
  await catalog.infoCache.put('expired', info, Date.now() - 1)
  await catalog.infoCache.put('fresh', info, Date.now() + 60_000)
  const housekeeping = startHousekeeping(catalog, createLogger('worker', 'silent'))
  onTestFinished(() => housekeeping.stop())
  // Asked as of long ago, when neither had expired.
  await vi.waitFor(async () => expect(await catalog.infoCache.get('expired', 0)).toBeNull())
  expect(await catalog.infoCache.get('fresh', 0)).toMatchObject({ title: 'A clip' })
})
