import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SluiceError, type FailureCode } from '../../contract/failures.ts'
import { createRoom, type Room } from '../../storage/room.ts'

const MIB = 1024 ** 2
const QUOTA = 40 * MIB

let dataDir: string
let room: Room
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-room-'))
  room = createRoom({ dataDir, disk: { quotaBytes: QUOTA, keepFreeBytes: 0 } })
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const job = (jobId: string) => ({ jobId, workflowId: null })
const need = (megabytes: number, least = megabytes) => ({ bytes: megabytes * MIB, leastBytes: least * MIB })
const answerTo = async (asked: Promise<unknown>): Promise<FailureCode | 'granted'> => {
  try {
    await asked
    return 'granted'
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    return error.code
  }
}
const write = async (jobId: string, name: string, megabytes: number): Promise<void> => {
  await mkdir(join(dataDir, 'work', jobId), { recursive: true })
  await writeFile(join(dataDir, 'work', jobId, name), Buffer.alloc(megabytes * MIB, 1))
}
/** What the quota counts is looked at once a second. */
const anotherLook = (): Room => createRoom({ dataDir, disk: { quotaBytes: QUOTA, keepFreeBytes: 0 } })

describe('the room of jobs', () => {
  it('is promised once, and given to the next when its job is over', async () => {
    await room.reserve(job('job-1'), need(30))
    const refused = await room.reserve(job('job-2'), need(20)).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'DiskFull' })
    expect(String(refused)).toMatch(/needs 20\.0 MiB more .* 30\.0 MiB are promised to other jobs/)
    expect(await room.state()).toMatchObject({ reservedBytes: expect.closeTo(30 * MIB, -5), waiting: 1 })
    await room.release('job-1')
    expect(await room.giveAway()).toMatchObject({ granted: [{ jobId: 'job-2' }], waiting: 0 })
    expect(await answerTo(room.admit(job('job-2')))).toBe('granted')
  })

  it('counts what is written as part of what was promised', async () => {
    await room.reserve(job('job-1'), need(20))
    await write('job-1', 'half', 10)
    room = anotherLook()
    expect((await room.state()).reservedBytes / MIB).toBeCloseTo(10, 0)
    expect(await answerTo(room.reserve(job('job-2'), need(19)))).toBe('granted')
    expect(await answerTo(room.reserve(job('job-3'), need(2)))).toBe('DiskFull')
  })

  it('is never enough for what is larger than all there is', async () => {
    expect(await answerTo(room.reserve(job('job-1'), need(41)))).toBe('LimitExceeded')
    expect(await answerTo(room.reserve(job('job-1'), need(400, 41)))).toBe('LimitExceeded')
    // What may be less than foreseen is tried with what there is.
    expect(await answerTo(room.reserve(job('job-1'), need(400, 10)))).toBe('granted')
  })

  it('is asked for anew, and more of it, by who needed more than was foreseen', async () => {
    await room.reserve(job('job-1'), need(20, 5))
    await write('job-1', 'much', 20)
    room = anotherLook()
    const said = await room.refuse(job('job-1'))
    expect(said.message).toMatch(/needs \d\.\d MiB more/)
    expect(await room.state()).toMatchObject({ waiting: 1 })
    expect((await room.giveAway()).granted).toMatchObject([{ jobId: 'job-1', bytes: expect.closeTo(25 * MIB, -5) }])
    // Whatever the next step believes.
    await room.reserve(job('job-1'), need(20, 5))
    expect((await room.state()).reservedBytes / MIB).toBeCloseTo(5, 0)
  })

  it('is made by the youngest, where each waits for what the others hold', async () => {
    await room.reserve(job('job-1'), need(10))
    await room.reserve(job('job-2'), need(10))
    await write('job-1', 'piece', 18)
    await write('job-2', 'piece', 18)
    room = anotherLook()
    expect(await answerTo(room.reserve(job('job-1'), need(30)))).toBe('DiskFull')
    expect(await answerTo(room.reserve(job('job-2'), need(30)))).toBe('DiskFull')
    await room.giveAway()
    expect(await readdir(join(dataDir, 'work', 'job-1'))).toContain('piece')
    expect(await readdir(join(dataDir, 'work', 'job-2'))).toEqual(['room.json'])
    room = anotherLook()
    expect(await room.giveAway()).toMatchObject({ granted: [{ jobId: 'job-1' }], waiting: 1 })
  })

  it('is not waited for by a job that filled all there can be: it fails, and the others go on', async () => {
    await room.reserve(job('job-1'), need(30, 10))
    await write('job-1', 'pieces', 41)
    room = anotherLook()
    await room.reserve(job('job-2'), need(10)).catch(() => undefined)
    const said = await room.refuse(job('job-1'))
    expect(said).toMatchObject({ code: 'LimitExceeded' })
    expect(said.message).toMatch(
      /had 41\.0 MiB .* and was not done, and jobs may have 40\.0 MiB of the quota of 40\.0 MiB/,
    )
    // The same is said to whoever did not hear it.
    expect(await answerTo(room.admit(job('job-1')))).toBe('LimitExceeded')
    await room.release('job-1')
    room = anotherLook()
    expect(await room.giveAway()).toMatchObject({ granted: [{ jobId: 'job-2' }], waiting: 0 })
  })

  it('leaves the pieces of such a job to its retry where nobody waits for their room', async () => {
    await room.reserve(job('job-1'), need(30, 10))
    await write('job-1', 'pieces', 41)
    room = anotherLook()
    expect(await room.refuse(job('job-1'))).toMatchObject({ code: 'LimitExceeded' })
    await room.release('job-1')
    expect(await readdir(join(dataDir, 'work', 'job-1'))).toEqual(['pieces'])
  })

  it('is tried with all there is by a job that is guessed to need more than that', async () => {
    await room.reserve(job('job-1'), need(35, 10))
    await write('job-1', 'pieces', 36)
    await write('job-2', 'pieces', 3)
    room = anotherLook()
    await room.reserve(job('job-2'), need(20)).catch(() => undefined)
    const said = await room.refuse(job('job-1'))
    expect(said.message).toMatch(/needs 4\.0 MiB more .* can be had\. It tries by itself with less when no other/)
    room = anotherLook()
    const { granted, hopeless } = await room.giveAway()
    expect(granted).toMatchObject([{ jobId: 'job-1', bytes: expect.closeTo(37 * MIB, -5) }])
    expect(hopeless).toEqual([])
  })

  it('is not held for ever by an old job that cannot go on', async () => {
    await mkdir(join(dataDir, 'library'))
    await writeFile(join(dataDir, 'library', 'media'), Buffer.alloc(8 * MIB, 1))
    await room.reserve(job('job-1'), need(20, 5))
    await write('job-1', 'pieces', 20)
    await room.refuse(job('job-1'))
    await write('job-1', 'more', 13)
    room = anotherLook()
    const refused = await room.refuse(job('job-1'))
    expect(refused.message).toMatch(
      /All jobs together have 32\.0 MiB now, and it needs 33\.5 MiB at least: somebody has/,
    )
    await room.reserve(job('job-2'), need(20)).catch(() => undefined)
    await room.giveAway()
    expect(await readdir(join(dataDir, 'work', 'job-1'))).toEqual(['room.json'])
    room = anotherLook()
    expect(await room.giveAway()).toMatchObject({ granted: [{ jobId: 'job-2' }], waiting: 1 })
    // Once they have made it, it is this job's again.
    await room.release('job-2')
    await rm(join(dataDir, 'library', 'media'))
    room = anotherLook()
    expect(await room.giveAway()).toMatchObject({ granted: [{ jobId: 'job-1' }], waiting: 0 })
  })

  it('is needed as much as before by one that gave its pieces up, which it would make in vain again and again', async () => {
    await room.reserve(job('job-1'), need(5))
    await room.reserve(job('job-2'), need(20, 0))
    await write('job-1', 'pieces', 5)
    await write('job-2', 'pieces', 32)
    room = anotherLook()
    await room.reserve(job('job-1'), need(15)).catch(() => undefined)
    await room.reserve(job('job-2'), need(40, 0)).catch(() => undefined)
    await room.giveAway()
    expect(await readdir(join(dataDir, 'work', 'job-2'))).toEqual(['room.json'])
    const kept: unknown = JSON.parse(await readFile(join(dataDir, 'work', 'job-2', 'room.json'), 'utf8'))
    expect(kept).toMatchObject({ leastBytes: expect.closeTo(32.5 * MIB, -5), granted: false })
  })

  it('of which a job has enough, but others have too much, is said to be so', async () => {
    await room.reserve(job('job-1'), need(20))
    await write('job-1', 'pieces', 20)
    await writeFile(join(dataDir, 'others'), Buffer.alloc(25 * MIB, 1))
    room = anotherLook()
    const said = await room.admit(job('job-1')).catch(String)
    expect(said).toMatch(
      /has what it needs, but 5\.\d MiB are missing under the quota of 40\.0 MiB\. All jobs together/,
    )
  })

  it('does not come back with a job that has gone', async () => {
    await room.reserve(job('job-1'), need(30))
    await room.reserve(job('job-2'), need(30)).catch(() => undefined)
    await rm(join(dataDir, 'work', 'job-1'), { recursive: true })
    await rm(join(dataDir, 'work', 'job-2'), { recursive: true })
    expect(await room.giveAway()).toMatchObject({ granted: [], waiting: 0 })
    expect(await readdir(join(dataDir, 'work'))).toEqual([])
  })

  it('is divided by one at a time, whoever asks', async () => {
    const others = [room, anotherLook(), anotherLook()]
    const asked = Array.from({ length: 30 }, (_, index) =>
      answerTo((others[index % 3] ?? room).reserve(job(`job-${index}`), need(9))),
    )
    const answers = await Promise.all(asked)
    expect(answers.filter((answer) => answer === 'granted')).toHaveLength(4)
  })

  it('is divided on though a process died while it did so', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
    await once(child, 'exit')
    await symlink(`${child.pid}@${hostname()}/1`, join(dataDir, 'room.lock'))
    expect(await answerTo(room.reserve(job('job-1'), need(1)))).toBe('granted')
  })

  it('is not divided while another divides it', async () => {
    await symlink(`${process.pid}@${hostname()}/`, join(dataDir, 'room.lock'))
    let answered = false
    const asked = room.reserve(job('job-1'), need(1)).then(() => (answered = true))
    // Long enough for many looks at the lock.
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(answered).toBe(false)
    await rm(join(dataDir, 'room.lock'))
    await asked
  })
})
