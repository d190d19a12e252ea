import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HeldLease } from '../../storage/lease.ts'
import { createLocalWorkStore, sweepScratch } from '../../storage/local-work-store.ts'

let dataDir = ''
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-store-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const lease = { jobId: 'job', step: 'download', part: null, attempt: 1, scheduledAt: 1_000, taskToken: 'dG9rZW4=' }

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
    await mkdir(join(dataDir, 'work', 'job'), { recursive: true })
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

  it('keeps nothing for a job whose folder has gone: it is over', async () => {
    const store = createLocalWorkStore(dataDir)
    const late = await store.openScratch(lease)
    await mkdir(late.keptDir)
    await writeFile(join(late.dir, 'out.mp4'), 'late')
    await late.release({ succeeded: false })
    await expect(store.commit(join(late.dir, 'out.mp4'), 'job/out.mp4')).rejects.toThrow('ENOENT')
    expect(await store.listJobs()).toEqual([])
  })

  it('leaves nothing in scratch where the disk takes no lease', async () => {
    const store = createLocalWorkStore(dataDir)
    // What cannot be written, as far as can be had without filling a disk.
    const unwritable = {
      ...lease,
      toJSON: () => {
        throw new Error('the disk is full')
      },
    }
    await expect(store.openScratch(unwritable)).rejects.toThrow('full')
    expect(await readdir(join(dataDir, 'scratch'))).toEqual([])
  })

  it('replaces a folder as a whole: who reads the old one goes on reading it', async () => {
    const store = createLocalWorkStore(dataDir)
    const { dir } = await store.openScratch(lease)
    const commit = async (text: string): Promise<void> => {
      await mkdir(join(dir, 'video'))
      await writeFile(join(dir, 'video', '1.mp4'), text)
      await store.commit(join(dir, 'video'), 'job/video')
    }
    await commit('old')
    const reader = await open(join(await store.read('job/video'), '1.mp4'))
    await commit('newer')
    expect(await reader.readFile('utf8')).toBe('old')
    await reader.close()
    expect(await readFile(join(await store.read('job/video'), '1.mp4'), 'utf8')).toBe('newer')
    expect((await readdir(dir)).toSorted()).toEqual(['lease.json'])
  })

  it.each(['../escape', '/etc/passwd', 'job//x', 'job/./x', ''])('refuses the key %j', async (key) => {
    await expect(createLocalWorkStore(dataDir).find(key)).rejects.toMatchObject({ code: 'Internal' })
  })
})

describe('two attempts at the same work', () => {
  const later = { ...lease, attempt: 2, scheduledAt: 2_000 }

  it('the later one ends the earlier, waits for it, and goes on with what it had', async () => {
    const store = createLocalWorkStore(dataDir)
    await mkdir(join(dataDir, 'work', 'job'), { recursive: true })
    const first = await store.openScratch(lease)
    await mkdir(first.keptDir)
    await writeFile(join(first.keptDir, 'half'), 'half')
    const second = store.openScratch(later)
    await once(first.revoked, 'abort')
    await first.release({ succeeded: false })
    const { keptDir } = await second
    expect(await readFile(join(keptDir, 'half'), 'utf8')).toBe('half')
  })

  it('an earlier one does not begin any more', async () => {
    const store = createLocalWorkStore(dataDir)
    const second = await store.openScratch(later)
    await expect(store.openScratch(lease)).rejects.toMatchObject({ code: 'StorageUnavailable' })
    expect(second.revoked.aborted).toBe(false)
    expect(await readdir(join(dataDir, 'scratch'))).toHaveLength(1)
  })

  it('do not meet where their parts differ', async () => {
    const store = createLocalWorkStore(dataDir)
    const first = await store.openScratch(lease)
    await store.openScratch({ ...later, part: '1080p/1' })
    expect(first.revoked.aborted).toBe(false)
  })

  it('of a process that is stopped: its programs are ended, and it can store nothing when it wakes up', async () => {
    const held = createLocalWorkStore(dataDir)
    const first = await held.openScratch(lease)
    await writeFile(join(first.dir, 'out.mp4'), 'stale')
    const program = spawn('sleep', ['60'], { cwd: first.dir })
    await once(program, 'spawn')
    // Another process, as far as the store can tell: it knows nothing of the first one's holders.
    const store = createLocalWorkStore(dataDir)
    const ended = once(program, 'exit')
    await store.openScratch(later)
    expect(await ended).toEqual([null, 'SIGKILL'])
    await expect(held.commit(join(first.dir, 'out.mp4'), 'job/out.mp4')).rejects.toThrow('ENOENT')
    expect(await store.find('job/out.mp4')).toBeNull()
    await first.release({ succeeded: false })
    expect(await readdir(join(dataDir, 'scratch'))).toHaveLength(1)
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
    const [dead, living] = [await abandon(), process.pid]
    for (const pid of [dead, living]) await mkdir(join(dataDir, 'scratch', `.${hostname()}~${pid}~draft`))
    const given: string[] = []
    const swept = await sweepScratch(dataDir, async ({ taskToken }) => void given.push(taskToken ?? ''))
    expect(swept).toBe(4)
    expect(given).toEqual(['dG9rZW4=', 'dG9rZW4='])
    expect((await readdir(join(dataDir, 'scratch'))).toSorted()).toEqual([
      `.${hostname()}~${living}~draft`,
      'alive',
      'elsewhere',
    ])
  })

  it('saves what a dead attempt had for the next, before that begins', async () => {
    await mkdir(join(dataDir, 'work', 'job'), { recursive: true })
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
