import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { inState } from './server-messages.ts'

/** What Sluice stands on, taken away. */

let sluice: TestInstance
beforeAll(async () => {
  sluice = await startTestInstance({ SLUICE_PACKAGER: '/nowhere/packager', SLUICE_LOG_LEVEL: 'silent' })
  await mkdir(sluice.config.importDir, { recursive: true })
  const clip = await makeClip(sluice.config.tools.ffmpeg, join(sluice.config.dataDir, 'clip.mp4'), { seconds: 1 })
  await copyFile(clip, join(sluice.config.importDir, 'clip.mp4'))
})
afterAll(() => sluice.dispose())

describe('a program that is not there', () => {
  it('fails the job that needs it, names the setting, and leaves no scratch', async () => {
    const job = await sluice.run({ file: 'clip.mp4', preset: 'stream' })
    expect(job).toMatchObject({ state: 'failed', error: { code: 'ToolMissing', step: 'package', retryable: false } })
    expect(job.error?.message).toMatch(/SLUICE_PACKAGER/)
    expect(job.error?.help).toMatch(/npm run setup/)
    expect(await readdir(join(sluice.config.dataDir, 'scratch'))).toEqual([])
  })

  it('does not concern the others', async () => {
    expect(await sluice.run({ file: 'clip.mp4', preset: 'web' })).toMatchObject({ state: 'succeeded' })
  })
})

describe('a database that is locked', () => {
  it('refuses new work with a clear answer, and loses nothing that runs', async () => {
    const running = await sluice.submit({ file: 'clip.mp4', preset: 'original' })
    await sluice.seen(running.id, inState('running'))
    const other = new Database(join(sluice.config.dataDir, 'catalog.db'))
    // The job's own writes come first.
    other.exec('PRAGMA busy_timeout = 20000')
    other.exec('BEGIN EXCLUSIVE')
    const answer = await sluice.call<{ code: string; detail: string }>('POST', '/jobs', {
      file: 'clip.mp4',
      preset: 'audio',
    })
    expect(answer).toMatchObject({ status: 503, body: { code: 'CatalogBusy' } })
    other.exec('ROLLBACK')
    other.close()
    expect(await sluice.ended(running.id)).toMatchObject({ state: 'succeeded', error: null })
    const { items } = (await sluice.call<{ items: Job[] }>('GET', '/jobs')).body
    expect(items.filter((job) => job.preset === 'audio')).toEqual([])
  })
})

const mayMount = process.platform === 'linux' && process.getuid?.() === 0

describe('a disk that is full', () => {
  // A disk of a chosen size takes a mount, and that takes root.
  it.runIf(mayMount)('keeps the job waiting, says so, and lets it go on when there is room', async () => {
    const { libraryDir } = sluice.config
    await mkdir(libraryDir, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', libraryDir])
    onTestFinished(() => void execFileSync('umount', [libraryDir]))
    const job = await sluice.submit({ file: 'clip.mp4', preset: 'web', force: true })
    const full = await sluice.seen(job.id, inState('waiting'))
    const seen = full.type === 'snapshot' ? full.job : full
    expect(seen).toMatchObject({ waitingFor: 'disk', error: { code: 'DiskFull', step: 'publish' } })
    // It tries again now and then.
    await vi.waitFor(async () => expect(await readdir(join(libraryDir, '.incoming'))).toEqual([]), { timeout: 30_000 })
    execFileSync('mount', ['-o', 'remount,size=64m', libraryDir])
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', error: null })
    expect((await sluice.media(ended)).files.length).toBeGreaterThan(5)
  })
})
