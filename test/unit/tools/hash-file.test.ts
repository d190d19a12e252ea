import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashFile } from '../../../tools/hash-file.ts'

const MIB = 1024 * 1024
let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-hash-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('hashFile', () => {
  it.each([0, 1, MIB - 1, MIB, 2 * MIB + 7])('is SHA-256 over all of %d bytes, and counts them', async (size) => {
    const path = join(dir, 'file')
    const bytes = randomBytes(size)
    await writeFile(path, bytes)
    const counted: number[] = []
    const sha = await hashFile(path, { signal: new AbortController().signal, onBytes: (done) => counted.push(done) })
    expect(sha).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(counted.at(-1) ?? 0).toBe(size)
    expect(counted).toHaveLength(Math.ceil(size / MIB))
  })

  it('stops when it is told to, in the middle', async () => {
    const path = join(dir, 'file')
    await writeFile(path, randomBytes(3 * MIB))
    const stop = new AbortController()
    const counted: number[] = []
    const hashing = hashFile(path, {
      signal: stop.signal,
      onBytes: (done) => {
        counted.push(done)
        stop.abort(new Error('enough'))
      },
    })
    await expect(hashing).rejects.toThrow('enough')
    expect(counted).toEqual([MIB])
  })
})
