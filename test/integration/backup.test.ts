import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import type { BackupFile } from '../../scripts/backup/backup-file.ts'
import type { VerifyResult } from '../../scripts/verify/report.ts'
import { writeLease } from '../../storage/lease.ts'
import { DATABASES, type TestDatabase } from './catalog-databases.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file } from './origin-answers.ts'
import { createGate } from './origin-gate.ts'
import { startOrigin, type Origin } from './origin.ts'
import { haltToolsIn } from './running-tools.ts'
import { progressOf } from './server-messages.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Ended<T> {
  code: number
  said: string
  result: T & { ok: boolean; error?: string }
}

const script = <T>(name: string, args: string[], env: Record<string, string>): Promise<Ended<T>> =>
  new Promise((resolve) => {
    const argv = ['--import', 'tsx', join(ROOT, `scripts/${name}.ts`), ...args]
    execFile(process.execPath, argv, { cwd: ROOT, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      const result = JSON.parse(last.replace(/^RESULT /, '')) as Ended<T>['result']
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr, result })
    })
  })

describe.each(DATABASES)('a backup of a running instance, with its catalog in $name', ({ start, name }) => {
  let folder: string
  let database: TestDatabase
  let origin: Origin
  let sluice: TestInstance
  let restored: TestInstance | null = null
  let settings: Record<string, string>
  /** However long the backup takes, the download is in its middle. */
  const gate = createGate()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-backup-'))
    ;[database, origin] = await Promise.all([start(), startOrigin()])
    settings = await databaseSettings()
    sluice = await startTestInstance(
      { ...settings, SLUICE_DATA: join(folder, 'data'), SLUICE_MEDIA_SLOTS: '1' },
      { slowEncoder: true },
    )
    const { ffmpeg } = sluice.config.tools
    const long = { seconds: 12, size: '640x360', options: ['-c:v', 'mpeg4', '-b:v', '2M'] }
    origin.on('/clip.mp4', file(await makeClip(ffmpeg, join(folder, 'clip.mp4'))))
    origin.on('/long.mp4', file(await makeClip(ffmpeg, join(folder, 'long.mp4'), long)))
    origin.on('/held.mp4', file(join(folder, 'clip.mp4'), { held: { afterBytes: 20_000, gate } }))
  })
  afterAll(async () => {
    await sluice.dispose()
    await restored?.dispose()
    await origin.close()
    await database.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const databaseSettings = async (): Promise<Record<string, string>> => {
    const { database: where } = await database.create()
    return where.url === null ? {} : { DATABASE_URL: where.url }
  }
  const backUp = (dir: string, ...flags: string[]) =>
    script<BackupFile>('backup', [dir, ...flags], { ...settings, SLUICE_DATA: sluice.config.dataDir })
  const jobOf = async (instance: TestInstance, id: string) => (await instance.call<Job>('GET', `/jobs/${id}`)).body

  /** As of an attempt that Temporal's copy has never heard of. */
  const leaveLease = async (dataDir: string, { id }: Job): Promise<void> => {
    const dir = join(dataDir, 'scratch/unheard-of')
    await mkdir(dir, { recursive: true })
    const lease = { jobId: id, step: 'probe', part: null, scheduledAt: 0, attempt: 1, taskToken: 'bm8gdG9rZW4=' }
    await writeLease(dir, { ...lease, host: hostname(), pid: process.pid, pidStartedAt: 'long ago' })
  }

  const under = async (job: Job, step: string): Promise<Job> => {
    await sluice.seen(job.id, progressOf(step))
    return job
  }
  /** And so is the encode. */
  const haltedEncode = async (): Promise<Job> => {
    const job = await under(await sluice.submit({ url: origin.urlOf('/long.mp4'), preset: 'stream' }), 'transcode')
    await haltToolsIn(sluice.config.dataDir)
    return job
  }

  it('brings back what had ended, and ends what was running and what was waiting', async () => {
    const done = await sluice.run({ url: origin.urlOf('/clip.mp4'), preset: 'stream', passthrough: 'done' })
    const gone = await sluice.run({ url: origin.urlOf('/clip.mp4'), preset: 'nothing of the kind' }).catch(() => null)
    expect(gone).toBeNull()
    const cancelled = await sluice.submit({ url: origin.urlOf('/held.mp4'), preset: 'audio' })
    await sluice.call('POST', `/jobs/${cancelled.id}/cancel`)
    await sluice.ended(cancelled.id)
    // What Temporal brings back does not depend on where the catalog is.
    const encoding = name === 'SQLite' ? [await haltedEncode()] : []
    const downloading = await under(
      await sluice.submit({ url: origin.urlOf('/held.mp4'), preset: 'original' }),
      'download',
    )
    const running = [...encoding, downloading]
    const waiting = await Promise.all(
      ['web', 'audio', 'original'].map((preset) => sluice.submit({ url: origin.urlOf('/clip.mp4'), preset })),
    )

    const dir = join(folder, 'backup')
    const { code, said, result } = await backUp(dir)
    expect(said).toContain('RESULT')
    expect(result).toMatchObject({
      ok: true,
      database: name === 'SQLite' ? 'sqlite' : 'mysql',
      temporal: true,
    })
    expect(code).toBe(0)
    expect(result.linked).toBe(result.files)
    const live = await Promise.all(running.map(({ id }) => jobOf(sluice, id)))
    expect(live.filter(({ state }) => state !== 'running')).toEqual([])
    // Its work is not in the backup, and nobody must find it by chance.
    await sluice.stop()

    const target = { ...(await databaseSettings()), SLUICE_DATA: join(folder, 'restored') }
    const restoring = await script<BackupFile>('restore', [dir], target)
    expect(restoring.said).toContain('is as it was')
    expect(restoring.code).toBe(0)
    const keys = join(target.SLUICE_DATA, 'keys')
    for (const key of await readdir(keys)) expect((await stat(join(keys, key))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(keys, 'owner-token'), 'utf8')).toBe(
      await readFile(join(sluice.config.dataDir, 'keys/owner-token'), 'utf8'),
    )

    await leaveLease(target.SLUICE_DATA, done)
    const again = await startTestInstance(target)
    restored = again
    expect(await readdir(join(target.SLUICE_DATA, 'scratch'))).not.toContain('unheard-of')
    expect(await jobOf(again, done.id)).toMatchObject({ state: 'succeeded', passthrough: 'done' })
    expect(await jobOf(again, cancelled.id)).toMatchObject({ state: 'cancelled' })
    expect((await again.media(done)).id).toBe(done.result?.mediaIds[0])
    const restoredAt = Date.now()
    const isNext = (message: ServerMessage): boolean => message.type === 'progress' && message.attempt > 1
    await Promise.all(running.map(({ id }) => again.seen(id, isNext)))
    // Not after the minute that Temporal waits for a heartbeat.
    expect(Date.now() - restoredAt).toBeLessThan(30_000)
    gate.open()
    for (const { id } of [...running, ...waiting]) {
      const ended = await again.ended(id)
      expect(ended).toMatchObject({ state: 'succeeded', error: null })
      expect((await again.media(ended)).files.length).toBeGreaterThan(2)
    }
    const verified = await script<VerifyResult>('verify', [], target)
    expect(verified.result, `${verified.said}`).toMatchObject({
      ok: true,
      media: 1 + running.length + waiting.length,
      wrong: 0,
      found: {},
    })
    // Submitting again finds what was restored.
    expect(await again.submit({ url: origin.urlOf('/clip.mp4'), preset: 'stream' })).toMatchObject({ id: done.id })
  })

  it('refuses what would lose something', async () => {
    const dir = join(folder, 'backup')
    expect((await backUp(dir)).result.error).toContain('is not empty')
    const running = await script('restore', [dir], { ...settings, SLUICE_DATA: join(folder, 'restored') })
    expect(running.result.error).toContain('Sluice is running')
    expect(running.code).toBe(2)
    const taken = await script('restore', [dir], { ...settings, SLUICE_DATA: join(folder, 'data') })
    expect(taken.result.error).toMatch(/is there: choose another SLUICE_DATA/)
    await rm(join(dir, 'backup.json'))
    const half = await script('restore', [dir], { ...settings, SLUICE_DATA: join(folder, 'third') })
    expect(half.result.error).toContain('no whole backup')
  })
})
