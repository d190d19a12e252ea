import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLibrary, writeChecksums, writeManifest } from '../../storage/library.ts'
import { hashFile } from '../../tools/hash-file.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-library-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const signal = new AbortController().signal
const target = { base: 'Someone/A clip [1]', mediaId: 'media-1', main: 'main.mp4', mainExtension: 'mp4' }

const stageOne = async (attempt = 1) => {
  const library = createLibrary(join(dir, 'library'))
  const from = join(dir, 'made.mp4')
  await writeFile(from, 'film')
  const staging = await library.openStaging('media-1', attempt)
  await library.stage(staging, { from, path: 'main.mp4' }, signal)
  await library.stage(staging, { from, path: 'stream/segment 1.m4s' }, signal)
  await writeChecksums(staging, [{ path: '../A clip [1].mp4', sha256: await hashFile(from, { signal }) }])
  await writeManifest(staging, { mediaId: 'media-1' })
  return { library, staging, from }
}

describe('a library', () => {
  it('shows a media under a readable name, beside the folder of what belongs to it', async () => {
    const { library, staging } = await stageOne()
    await library.reveal(staging, target)
    expect((await readdir(library.pathOf('Someone'))).toSorted()).toEqual(['A clip [1]', 'A clip [1].mp4'])
    expect((await readdir(library.pathOf(target.base))).toSorted()).toEqual([
      'checksums.sha256',
      'manifest.json',
      'stream',
    ])
    expect(
      execFileSync('sha256sum', ['-c', 'checksums.sha256'], { cwd: library.pathOf(target.base), encoding: 'utf8' }),
    ).toContain(': OK')
  })

  it('leaves the original where it was', async () => {
    const { library, staging, from } = await stageOne()
    await library.reveal(staging, target)
    expect(await readFile(from, 'utf8')).toBe('film')
  })

  it('finishes a reveal that was cut short, and changes nothing the second time', async () => {
    const first = await stageOne()
    await first.library.reveal(first.staging, { ...target, main: null })
    const { library, staging } = await stageOne()
    for (let time = 0; time < 2; time += 1) await library.reveal(staging, target)
    await library.discard(staging)
    expect(await readFile(library.pathOf(`${target.base}.mp4`), 'utf8')).toBe('film')
    expect(await readdir(join(dir, 'library', '.incoming'))).toEqual([])
  })

  it('shows a media while the folder for it goes, with the last of what was there', async () => {
    const { library } = await stageOne()
    let isOver = false
    const going = (async () => {
      while (!isOver) {
        await rmdir(library.pathOf('Someone')).catch(() => undefined)
        await sleep(1)
      }
    })()
    try {
      for (let time = 0; time < 30; time += 1) {
        const { staging } = await stageOne()
        await library.reveal(staging, target)
        expect(await readFile(library.pathOf(`${target.base}.mp4`), 'utf8')).toBe('film')
        await library.withdraw({ ...target, mediaId: 'media-1' })
      }
    } finally {
      isOver = true
      await going
    }
  })

  it('shows the whole of one of two attempts at the same time, whatever the other does', async () => {
    const older = await stageOne()
    // Begins while the older one is stopped, and is stopped itself before it reveals.
    const newer = await stageOne(2)
    expect(newer.staging).not.toBe(older.staging)
    await expect(older.library.reveal(older.staging, target)).rejects.toThrow('ENOENT')
    await older.library.discard(older.staging)
    await newer.library.reveal(newer.staging, target)
    expect((await readdir(newer.library.pathOf(target.base))).toSorted()).toEqual([
      'checksums.sha256',
      'manifest.json',
      'stream',
    ])
  })

  it('takes back what was staged and what was revealed of one media, and nothing of another', async () => {
    const { library, staging, from } = await stageOne()
    await library.reveal(staging, target)
    await stageOne(2)
    await library.stage(await library.openStaging('media-2', 1), { from, path: 'main.mp4' }, signal)
    await library.withdraw({ ...target, mediaId: 'media-2' })
    expect(await readdir(library.pathOf('Someone'))).toHaveLength(2)
    expect(await readdir(library.pathOf('.incoming'))).toEqual(['media-1~2'])
    await library.withdraw(target)
    expect(await readdir(library.pathOf(''))).toEqual(['.incoming'])
    expect(await readdir(library.pathOf('.incoming'))).toEqual([])
    await library.withdraw(target)
  })

  it('never takes the place of what somebody else put there', async () => {
    const { library } = await stageOne()
    await mkdir(library.pathOf('Someone/A clip [1]'), { recursive: true })
    await mkdir(library.pathOf('Someone/B [1]'), { recursive: true })
    await writeFile(library.pathOf('Someone/B [1]/manifest.json'), '"not ours"')
    await writeFile(library.pathOf('Someone/C [1].mp4'), 'theirs')
    expect(await library.isFree('Someone/A clip [1]', 'mp4', 'media-1')).toBe(false)
    expect(await library.isFree('Someone/B [1]', 'mp4', 'media-1')).toBe(false)
    expect(await library.isFree('Someone/C [1]', 'mp4', 'media-1')).toBe(false)
    expect(await library.isFree('Someone/C [1]', 'm4a', 'media-1')).toBe(true)
  })
})
