import { execFile } from 'node:child_process'
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Knex } from 'knex'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCatalogAudit, type CatalogAudit } from '../../catalog/audit.ts'
import { connectDatabase } from '../../catalog/connect.ts'
import { createMediaQueries } from '../../catalog/media-queries.ts'
import type { MediaQueries } from '../../catalog/media.ts'
import type { Media } from '../../contract/media.ts'
import { repair } from '../../scripts/verify/repair.ts'
import type { VerifyResult } from '../../scripts/verify/report.ts'
import { verify } from '../../scripts/verify/verify.ts'
import { DATABASES, type TestDatabase } from './catalog-databases.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file } from './origin-answers.ts'
import { createGate } from './origin-gate.ts'
import { startOrigin, type Origin } from './origin.ts'

/** As long as people wait for it. */
const SETTLE_MS = 6_500

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe.each(DATABASES)('verify, with its catalog in $name', ({ start, name }) => {
  let database: TestDatabase
  let sluice: TestInstance
  let origin: Origin
  let settings: Record<string, string>
  let knex: Knex
  let audit: CatalogAudit
  let media: MediaQueries
  let film: Media

  beforeAll(async () => {
    ;[database, origin] = await Promise.all([start(), startOrigin()])
    const { database: where } = await database.create()
    settings = where.url === null ? {} : { DATABASE_URL: where.url }
    sluice = await startTestInstance(settings)
    const clip = await makeClip(sluice.config.tools.ffmpeg, join(sluice.config.dataDir, 'clip.mp4'))
    origin.on('/clip.mp4', file(clip))
    origin.on('/endless.mp4', file(clip, { held: { afterBytes: 20_000, gate: createGate() } }))
    film = await sluice.media(await sluice.run({ url: origin.urlOf('/clip.mp4'), preset: 'web' }))
    await sluice.media(await sluice.run({ url: origin.urlOf('/clip.mp4'), preset: 'stream' }))
    knex = await connectDatabase(sluice.config)
    audit = createCatalogAudit(knex)
    media = createMediaQueries(knex)
  })
  afterAll(async () => {
    await knex.destroy()
    await sluice.dispose()
    await origin.close()
    await database.stop()
  })

  const folders = () => ({ dataDir: sluice.config.dataDir, libraryDir: sluice.config.libraryDir })
  const look = (quick = false, settleMs = 10) =>
    verify({
      ...folders(),
      audit,
      media,
      quick,
      settleMs,
      signal: new AbortController().signal,
      onBytes: () => undefined,
    })
  const mend = async () => repair({ ...folders(), audit, media, stamp: uuidv7() }, await look())
  const reservationOf = (mediaId: string) => knex('library_paths').where('media_id', mediaId).first('path_key', 'path')
  const inLibrary = (path: string) => join(sluice.config.libraryDir, path)
  const write = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  /** What `harm` returns undoes it. */
  const whileHarmed = async (path: string, harm: () => Promise<void>, then: () => Promise<void>) => {
    const before = await readFile(path)
    await harm()
    try {
      await then()
    } finally {
      await writeFile(path, before)
    }
  }

  const script = (...flags: string[]) =>
    new Promise<{ code: number; stdout: string; result: VerifyResult }>((resolve) => {
      const env = { ...process.env, ...settings, SLUICE_DATA: sluice.config.dataDir }
      const argv = ['--import', 'tsx', join(ROOT, 'scripts/verify.ts'), ...flags]
      execFile(process.execPath, argv, { cwd: ROOT, env }, (error, stdout) => {
        const last = stdout.trimEnd().split('\n').at(-1) ?? ''
        resolve({
          code: error ? Number(error.code) : 0,
          stdout,
          result: JSON.parse(last.replace(/^RESULT /, '')) as VerifyResult,
        })
      })
    })

  it('finds nothing wrong with what was just made', async () => {
    expect(await look()).toEqual([])
    const { code, result } = await script()
    expect(result).toMatchObject({ ok: true, media: 2, wrong: 0, found: {} })
    expect(result.files).toBeGreaterThan(20)
    expect(code).toBe(0)
  })

  // What is read of files does not depend on where the catalog is.
  describe.each(name === 'SQLite' ? ['the library'] : [])('in %s', () => {
    it('finds files that are gone, cut short, or changed, and leaves them to a person', async () => {
      const [poster] = film.files.filter(({ role }) => role === 'poster')
      const path = inLibrary(`${film.libraryPath.replace(/\.mp4$/, '')}/${poster?.path}`)
      const main = inLibrary(film.libraryPath)
      await whileHarmed(
        path,
        () => rm(path),
        async () => {
          expect(await look()).toMatchObject([
            { kind: 'missing', where: expect.stringContaining(poster?.path ?? '') as string },
          ])
          expect(await mend()).toEqual([])
          const { code, stdout, result } = await script('--repair', '--quick')
          expect(code).toBe(1)
          expect(result).toMatchObject({ ok: false, quick: true, found: { missing: 1 }, repaired: 0, wrong: 1 })
          expect(stdout).toContain('put the file back from a backup')
        },
      )
      await whileHarmed(
        main,
        () => appendFile(main, 'more'),
        async () => expect(await look(true)).toMatchObject([{ kind: 'size', where: film.libraryPath }]),
      )
      await whileHarmed(
        main,
        async () => {
          const bytes = await readFile(main)
          bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
          await writeFile(main, bytes)
        },
        async () => {
          expect(await look(true)).toEqual([])
          expect(await look()).toMatchObject([{ kind: 'checksum', where: film.libraryPath }])
        },
      )
      const sums = inLibrary(`${film.libraryPath.replace(/\.mp4$/, '')}/checksums.sha256`)
      await whileHarmed(
        sums,
        async () =>
          writeFile(
            sums,
            (await readFile(sums, 'utf8')).replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
          ),
        async () => expect(await look()).toMatchObject([{ kind: 'checksum' }]),
      )
      expect(await look()).toEqual([])
    })

    it('moves what does not belong in the library out of the way', async () => {
      await write(inLibrary('Somebody/a holiday.mp4'), 'mine')
      await write(inLibrary(`.incoming/${uuidv7()}/main.mp4`), 'half')
      const found = await look()
      expect(found.map(({ kind }) => kind).toSorted()).toEqual(['extra', 'incoming'])
      const { code, result } = await script('--repair')
      expect(result).toMatchObject({ ok: true, found: { extra: 1, incoming: 1 }, repaired: 2, wrong: 0 })
      expect(code).toBe(0)
      expect(await look()).toEqual([])
      const kept = await readdir(inLibrary('.quarantine'), { recursive: true })
      expect(kept.filter((path) => path.endsWith('.mp4')).map((path) => path.split('/').slice(1).join('/'))).toEqual(
        expect.arrayContaining(['Somebody/a holiday.mp4', expect.stringMatching(/^\.incoming\/.*main\.mp4$/)]),
      )
    })
  })

  it('mends rows that miss their other half', async () => {
    const [job, lost] = [uuidv7(), uuidv7()]
    const path = `Nobody/${lost}`
    await media.reserveLibraryPath(lost, () => path)
    const own = await reservationOf(film.id)
    await media.releaseLibraryPath(film.id)
    await withoutForeignKeys(knex, name, (unchecked) =>
      unchecked('media_files').insert({
        media_id: job,
        path_key: '0'.repeat(64),
        position: 0,
        path: 'main.mp4',
        library_path: 'Nobody/main.mp4',
        role: 'main',
        content_type: 'video/mp4',
        size_bytes: 1,
      }),
    )
    expect((await look()).map(({ kind, mediaId }) => [kind, mediaId])).toEqual([
      ['pathWithoutMedia', lost],
      ['mediaWithoutPath', film.id],
      ['filesWithoutMedia', job],
    ])
    expect(await mend()).toHaveLength(3)
    expect(await look()).toEqual([])
    expect(await reservationOf(film.id)).toEqual(own)
  })

  it('finds a media without files', async () => {
    const found = await media.get(film.id)
    if (found === null) throw new Error('the media is gone')
    await media.insert({ ...found, files: [] })
    const kinds = (await look()).map(({ kind }) => kind)
    expect(kinds).toContain('mediaWithoutFiles')
    await media.insert(found)
    expect(await look()).toEqual([])
  })

  it('tells what dead attempts and ended jobs left from what is in use', async () => {
    const { dataDir } = sluice.config
    const running = await sluice.submit({ url: origin.urlOf('/endless.mp4'), preset: 'original' })
    await sluice.seen(running.id, (message) => message.type === 'progress' && message.step === 'download')
    const lease = (jobId: string, pid: number) =>
      JSON.stringify({
        jobId,
        step: 'download',
        part: null,
        attempt: 1,
        taskToken: null,
        host: hostname(),
        pid,
        pidStartedAt: '1',
      })
    // A dead attempt at a live job: its successor takes over what it kept.
    await write(join(dataDir, 'scratch/dead-of-live/lease.json'), lease(running.id, 1))
    await write(join(dataDir, 'scratch/dead-of-nobody/lease.json'), lease(uuidv7(), 1))
    await write(join(dataDir, `work/${film.jobId}/source.mp4`), 'left')
    // What a retry goes on from is no leftover.
    const failed = await sluice.run({ url: origin.urlOf('/gone.mp4') })
    expect(failed.state).toBe('failed')
    await write(join(dataDir, `work/${failed.id}/source.mp4`), 'kept')
    expect((await look()).map(({ where }) => where)).toEqual(['scratch/dead-of-nobody', `work/${film.jobId}`])
    expect(await mend()).toHaveLength(2)
    expect(await look()).toEqual([])
    await sluice.call('POST', `/jobs/${running.id}/cancel`)
    expect(await sluice.ended(running.id)).toMatchObject({ state: 'cancelled' })
    // Its job has ended by now.
    expect((await look()).map(({ where }) => where)).toEqual(['scratch/dead-of-live'])
    await mend()
  })

  it('reports nothing that a running instance is just about to publish, and only says that somebody deleted media', async () => {
    const jobs = await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        sluice.submit({ url: origin.urlOf('/clip.mp4'), preset: 'original', force: true, passthrough: `${index}` }),
      ),
    )
    const ended = Promise.all(jobs.map(({ id }) => sluice.ended(id)))
    let over = false
    void ended.then(() => (over = true))
    let looks = 0
    while (!over) {
      expect(await look(false, SETTLE_MS)).toEqual([])
      looks += 1
    }
    expect(looks).toBeGreaterThan(1)
    const [one] = (await ended).flatMap((job) => job.result?.mediaIds ?? [])
    await sluice.call('DELETE', `/media/${one}`)
    expect(await look()).toMatchObject([{ kind: 'resultWithoutMedia', detail: one }])
    const { code, result } = await script('--quick')
    expect(result).toMatchObject({ ok: true, found: { resultWithoutMedia: 1 }, wrong: 0 })
    expect(code).toBe(0)
  })
})

/** As a hand in the database would. */
const withoutForeignKeys = async (
  knex: Knex,
  database: string,
  work: (unchecked: Knex.Transaction | Knex) => PromiseLike<unknown>,
): Promise<void> => {
  if (database === 'SQLite') {
    await knex.raw('PRAGMA foreign_keys = OFF')
    await work(knex)
    await knex.raw('PRAGMA foreign_keys = ON')
    return
  }
  await knex.transaction(async (trx) => {
    await trx.raw('SET SESSION foreign_key_checks = 0')
    await work(trx)
    await trx.raw('SET SESSION foreign_key_checks = 1')
  })
}
