import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linkOrCopy } from '../../storage/link-or-copy.ts'

/** A file system in memory that Linux has beside the one of temporary files. */
const MEMORY = '/dev/shm'
const elsewhere = existsSync(MEMORY) && statSync(MEMORY).dev !== statSync(tmpdir()).dev ? [MEMORY] : []

let folder: string
let film: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-link-'))
  film = join(folder, 'film.mp4')
  writeFileSync(film, 'film')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('linkOrCopy', () => {
  it('gives the same bytes a second name', async () => {
    expect(await linkOrCopy(film, join(folder, 'second.mp4'))).toBe('linked')
    expect(statSync(join(folder, 'second.mp4')).ino).toBe(statSync(film).ino)
  })

  it('neither replaces what is there nor hides what is missing', async () => {
    writeFileSync(join(folder, 'other.mp4'), 'other')
    await expect(linkOrCopy(film, join(folder, 'other.mp4'))).rejects.toThrow('EEXIST')
    await expect(linkOrCopy(join(folder, 'none.mp4'), join(folder, 'new.mp4'))).rejects.toThrow('ENOENT')
    expect(readFileSync(join(folder, 'other.mp4'), 'utf8')).toBe('other')
  })
})

describe.each(elsewhere)('linkOrCopy to %s', (root) => {
  it('copies, as names of another file system share no bytes', async () => {
    const other = mkdtempSync(join(root, 'sluice-link-'))
    try {
      expect(await linkOrCopy(film, join(other, 'film.mp4'))).toBe('copied')
      expect(readFileSync(join(other, 'film.mp4'), 'utf8')).toBe('film')
    } finally {
      rmSync(other, { recursive: true })
    }
  })
})
