import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linkIntoImport } from '../../cli/import-link.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-import-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const importDir = () => join(folder, 'import')

describe('linkIntoImport', () => {
  it('gives a file a second name, and takes only that away', async () => {
    const clip = join(folder, 'clip one.mp4')
    writeFileSync(clip, 'film')
    const link = await linkIntoImport(importDir(), clip)
    expect(link.file).toMatch(/^[\w-]+\/clip one\.mp4$/)
    expect(statSync(join(importDir(), link.file)).ino).toBe(statSync(clip).ino)
    await link.remove()
    expect(readdirSync(importDir())).toEqual([])
    expect(readFileSync(clip, 'utf8')).toBe('film')
  })

  it('links what a symbolic link leads to, under the name that was given', async () => {
    writeFileSync(join(folder, 'real.mp4'), 'film')
    symlinkSync(join(folder, 'real.mp4'), join(folder, 'alias.mp4'))
    const { file } = await linkIntoImport(importDir(), join(folder, 'alias.mp4'))
    expect(file).toMatch(/\/alias\.mp4$/)
    expect(statSync(join(importDir(), file)).ino).toBe(statSync(join(folder, 'real.mp4')).ino)
  })

  it('keeps two files of one name apart', async () => {
    writeFileSync(join(folder, 'clip.mp4'), 'film')
    const first = await linkIntoImport(importDir(), join(folder, 'clip.mp4'))
    const second = await linkIntoImport(importDir(), join(folder, 'clip.mp4'))
    await first.remove()
    expect(existsSync(join(importDir(), second.file))).toBe(true)
  })
})
