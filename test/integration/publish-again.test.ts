import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCatalogCalls } from '../../activities/catalog-calls.ts'
import { createPublish } from '../../activities/publish.ts'
import { openCatalog, type Catalog } from '../../catalog/catalog.ts'
import type { PublishInput } from '../../contract/steps.ts'
import { createLibrary, type Library } from '../../storage/library.ts'
import { fakeActivities, ingestPlan, jobInput } from '../workflow/harness.ts'
import { acceptedJob } from './catalog-databases.ts'
import { createMediaLine, type MediaLine } from './media-line.ts'

let line: MediaLine
let catalog: Catalog
let library: Library
beforeEach(async () => {
  line = await createMediaLine()
  catalog = await openCatalog(line.config)
  library = createLibrary(line.config.libraryDir)
})
afterEach(async () => {
  await catalog.close()
  await line.close()
})

/** As where the worker dies before it can tell the catalog. */
const dying: Catalog['media']['insert'] = () => Promise.reject(new Error('the worker died'))

const publishWith = (media: Partial<Catalog['media']>) =>
  createPublish({
    ...line.deps,
    catalog: { jobs: catalog.jobs, media: { ...catalog.media, ...media } },
    library,
    toolVersions: Promise.resolve({}),
  })

const inputFor = async (film = 'film'): Promise<PublishInput> => {
  const { activities } = fakeActivities()
  const made = join(line.dataDir, 'made.mp4')
  await writeFile(made, film)
  const { jobId, file } = await line.take(made)
  const job = { ...jobInput(), jobId, url: 'https://example.org/clip' }
  const product = {
    ...file,
    path: 'main.mp4',
    role: 'main' as const,
    contentType: 'video/mp4',
    width: null,
    height: null,
  }
  return {
    ref: line.ref(jobId, 'publish'),
    mediaId: '01930000-0000-7000-8000-00000000000a',
    job,
    resolved: (await activities['resolve']?.({} as never)) as PublishInput['resolved'],
    probed: (await activities['probe']?.({} as never)) as PublishInput['probed'],
    plan: ingestPlan(),
    loudness: null,
    products: [product, { ...product, path: 'source.mp4', role: 'source' }],
    source: file,
  }
}

/** The catalog says of each file what lies there. */
const expectWhole = async (mediaId: string, film = 'film'): Promise<void> => {
  const media = await catalog.media.get(mediaId)
  expect(media?.files.map(({ role }) => role)).toEqual(['main', 'source', 'manifest', 'checksums'])
  for (const { libraryPath, sha256, sizeBytes, role } of media?.files ?? []) {
    const bytes = await readFile(library.pathOf(libraryPath))
    expect(bytes.length).toBe(sizeBytes)
    // That of the checksums themselves is in no list.
    expect([null, createHash('sha256').update(bytes).digest('hex')]).toContain(sha256)
    expect(role === 'main' ? bytes.toString() : film).toBe(film)
  }
}

describe('an attempt to publish that ends when its files are in the library already', () => {
  it('is finished by the next one, with the checksums of what lies there', async () => {
    const input = await inputFor()
    await expect(line.act(publishWith({ insert: dying }), input)).rejects.toThrow('died')
    await line.act(publishWith({}), { ...input, ref: { ...input.ref, attemptBase: 1 } })
    await expectWhole(input.mediaId)
    expect(await readdir(library.pathOf('.incoming'))).toEqual([])
  })

  it('is followed by one that made other bytes, which replace the first ones', async () => {
    await expect(line.act(publishWith({ insert: dying }), await inputFor())).rejects.toThrow('died')
    const input = await inputFor('same film')
    await line.act(publishWith({}), input)
    await expectWhole(input.mediaId, 'same film')
    expect(await readdir(library.pathOf('example.org'))).toHaveLength(2)
    expect(await readdir(library.pathOf('.incoming'))).toEqual([])
  })

  it('leaves nothing where the job ends without another one', async () => {
    const input = await inputFor()
    await expect(line.act(publishWith({ insert: dying }), input)).rejects.toThrow('died')
    expect(await readdir(library.pathOf('example.org'))).toHaveLength(2)
    await createCatalogCalls({ ...line.deps, catalog, library }).removeWork({ jobId: input.job.jobId })
    expect(await readdir(library.pathOf(''))).toEqual(['.incoming'])
    expect(await catalog.media.reserveLibraryPath('another', () => 'example.org/A clip [1]')).toBe(
      'example.org/A clip [1]',
    )
    expect(await line.deps.store.listJobs()).toEqual([])
  })

  it('keeps media that the catalog lists when the files between the steps go', async () => {
    const input = await inputFor()
    await line.act(publishWith({}), input)
    await createCatalogCalls({ ...line.deps, catalog, library }).removeWork({ jobId: input.job.jobId })
    expect(await readdir(library.pathOf('example.org'))).toHaveLength(2)
  })
})

describe('a job that is to be cancelled', () => {
  const toBeCancelled = async ({ job: { jobId: id } }: PublishInput): Promise<void> => {
    await catalog.jobs.acceptOrMatch([acceptedJob({ id })])
    const nothing = { waitingFor: null, title: null, site: null, error: null, result: null, steps: [] }
    const running = { state: 'running', pauseRequested: false, priority: 3, ...nothing } as const
    await catalog.jobs.applyProjection({ jobId: id, run: 1, workflowRunId: 'first', version: 1, ...running })
    expect(await catalog.jobs.requestCancel(id)).toMatchObject({ outcome: 'requested' })
  }

  it('publishes nothing, though its workflow has not heard of that and has come here', async () => {
    const input = await inputFor()
    await toBeCancelled(input)
    const publishing = line.act(publishWith({}), input)
    // It goes on neither to the library nor to the next step, but waits for the workflow to be told.
    expect(await Promise.race([publishing, wait(500, 'waits')])).toBe('waits')
    line.cancelAll()
    await expect(publishing).rejects.toThrow('cancelled')
    expect(await catalog.media.get(input.mediaId)).toBeNull()
    await createCatalogCalls({ ...line.deps, catalog, library }).removeWork({ jobId: input.job.jobId })
    expect(await readdir(library.pathOf(''))).toEqual(['.incoming'])
    expect(await readdir(library.pathOf('.incoming'))).toEqual([])
  })

  it('keeps what it published before', async () => {
    const input = await inputFor()
    const published = await line.act(publishWith({}), input)
    await toBeCancelled(input)
    expect(await line.act(publishWith({}), input)).toEqual(published)
  })
})

describe('media that were published', () => {
  it('stay as they are where the job comes to it again with other bytes', async () => {
    const first = await line.act(publishWith({}), await inputFor())
    const input = await inputFor('same film')
    expect(await line.act(publishWith({}), input)).toEqual(first)
    await expectWhole(input.mediaId)
  })

  it.each(['film', 'same film'])(
    'are published anew where the library lacks some of their files, from %j',
    async (film) => {
      const { libraryPath, mediaId } = await line.act(publishWith({}), await inputFor())
      await rm(library.pathOf(libraryPath))
      await line.act(publishWith({}), await inputFor(film))
      await expectWhole(mediaId, film)
      expect(await readdir(library.pathOf('.incoming'))).toEqual([])
    },
  )
})
