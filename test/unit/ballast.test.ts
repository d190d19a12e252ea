import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createBallast } from '../../storage/ballast.ts'

const MIB = 1024 ** 2

it('ballast is thrown off a disk that stays full, and taken in where there is room', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-ballast-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const ballast = createBallast(dataDir)
  const tend = (free: number) => ballast.tend({ diskFreeBytes: free * MIB, keepFreeBytes: 16 * MIB })
  expect(await tend(15)).toBeNull()
  expect(await tend(16)).toBe('taken in')
  expect(await ballast.bytes()).toBe(4 * MIB)
  const { blocks } = await stat(join(dataDir, 'ballast'))
  expect(blocks * 512).toBeGreaterThanOrEqual(4 * MIB)
  // Whoever fills it may not be done yet.
  expect([await tend(0), await tend(3), await tend(0)]).toEqual([null, null, null])
  expect(await tend(0)).toBe('thrown off')
  expect(await readdir(dataDir)).toEqual([])
  expect([await tend(0), await tend(4)]).toEqual([null, null])
  expect(await tend(16)).toBe('taken in')
  expect(await ballast.tend({ diskFreeBytes: MIB, keepFreeBytes: 0 })).toBeNull()
})
