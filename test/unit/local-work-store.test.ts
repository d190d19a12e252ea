import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLocalWorkStore, sweepScratch, type HeldLease } from '../../storage/local-work-store.ts'

let dataDir = ''
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-store-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const lease = { jobId: 'job', step: 'download', part: null, attempt: 1, taskToken: 'dG9rZW4=' }

describe('a local work store', () => {
  it('shows a file only once it is whole', async () => {
    const store = createLocalWorkStore(dataDir)
    const scratch = await store.openScratch(lease)
    await writeFile(join(scratch.dir, 'out.mp4'), 'whole')
    expect(await store.find('job/out.mp4')).toBeNull()
    expect(await store.commit(join(scratch.dir, 'out.mp4'), 'job/out.mp4')).toEqual({
      key: 'job/out.mp4',
      sizeBytes: 5,
    })
    expect(await readFile(await store.read('job/out.mp4'), 'utf8')).toBe('whole')
    await scratch.release({ succeeded: true })
    expect(await readdir(join(dataDir, 'scratch'))).toEqual([])
  })

  it('takes folders, replaces what is there, and removes a job whole', async () => {
    const store = createLocalWorkStore(dataDir)
    const scratch = await store.openScratch(lease)
    for (const text of ['old', 'newer']) {
      await mkdir(join(scratch.dir, 'tiles'))
      await writeFile(join(scratch.dir, 'tiles', '1.jpg'), text)
      await store.commit(join(scratch.dir, 'tiles'), 'job/hash/tiles')
    }
    expect(await store.find('job/hash/tiles')).toEqual({ key: 'job/hash/tiles', sizeBytes: 5 })
    await store.removeJob('job')
    expect(await store.find('job/hash/tiles')).toBeNull()
    await expect(store.read('job/hash/tiles')).rejects.toMatchObject({ code: 'StorageUnavailable' })
  })

  it('hands on what an attempt leaves, to one that follows it and to no other', async () => {
    const store = createLocalWorkStore(dataDir)
    const first = await store.openScratch(lease)
    await mkdir(first.keptDir)
    await writeFile(join(first.keptDir, 'half'), 'half')
    const beside = await store.openScratch(lease)
    await expect(readdir(beside.keptDir)).rejects.toThrow('ENOENT')
    await beside.release({ succeeded: false })
    await first.release({ succeeded: false })
    const other = await store.openScratch({ ...lease, part: '1080p/1' })
    await expect(readdir(other.keptDir)).rejects.toThrow('ENOENT')
    const second = await store.openScratch(lease)
    expect(await readFile(join(second.keptDir, 'half'), 'utf8')).toBe('half')
    await second.release({ succeeded: true })
    const third = await store.openScratch(lease)
    await expect(readdir(third.keptDir)).rejects.toThrow('ENOENT')
  })

  it.each(['../escape', '/etc/passwd', 'job//x', 'job/./x', ''])('refuses the key %j', async (key) => {
    await expect(createLocalWorkStore(dataDir).find(key)).rejects.toMatchObject({ code: 'Internal' })
  })
})

describe('sweeping scratch', () => {
  const abandon = async (): Promise<number> => {
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    return child.pid ?? 0
  }
  const leave = async (name: string, held: Partial<HeldLease>): Promise<void> => {
    const dir = join(dataDir, 'scratch', name)
    await mkdir(dir, { recursive: true })
    const whole: HeldLease = { ...lease, host: hostname(), pid: process.pid, pidStartedAt: null, ...held }
    await writeFile(join(dir, 'lease.json'), JSON.stringify(whole))
  }

  it('gives back what dead processes held, and leaves the living and other machines alone', async () => {
    await leave('dead', { pid: await abandon() })
    await leave('reused-pid', { pidStartedAt: '1' })
    await leave('alive', {})
    await leave('elsewhere', { host: 'another', pid: await abandon() })
    await mkdir(join(dataDir, 'scratch', 'no-lease'))
    const given: string[] = []
    const swept = await sweepScratch(dataDir, async ({ taskToken }) => void given.push(taskToken ?? ''))
    expect(swept).toBe(3)
    expect(given).toEqual(['dG9rZW4=', 'dG9rZW4='])
    expect((await readdir(join(dataDir, 'scratch'))).toSorted()).toEqual(['alive', 'elsewhere'])
  })

  it('saves what a dead attempt had for the next, before that begins', async () => {
    await leave('dead', { pid: await abandon() })
    await mkdir(join(dataDir, 'scratch', 'dead', 'kept'))
    await writeFile(join(dataDir, 'scratch', 'dead', 'kept', 'half'), 'half')
    const store = createLocalWorkStore(dataDir)
    let found = ''
    await sweepScratch(dataDir, async () => {
      const { keptDir } = await store.openScratch(lease)
      found = await readFile(join(keptDir, 'half'), 'utf8')
    })
    expect(found).toBe('half')
  })

  it('keeps a lease that could not be given back for the next start', async () => {
    await leave('dead', { pid: await abandon() })
    await expect(sweepScratch(dataDir, () => Promise.reject(new Error('Temporal is away')))).rejects.toThrow('away')
    expect(await stat(join(dataDir, 'scratch', 'dead'))).toBeTruthy()
  })
})
