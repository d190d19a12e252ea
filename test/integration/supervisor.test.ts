import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { processIdentity } from '../../scripts/process-identity.ts'
import { supervise, type SupervisedProcess, type SupervisedSpec } from '../../scripts/supervise.ts'

const READY = `console.log(JSON.stringify({ level: 'info', msg: 'ready' }))`
const FOREVER = `setInterval(() => {}, 1e6)`

let folder: string
let running: SupervisedProcess[]
let changes: EventTarget
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-supervisor-'))
  running = []
  changes = new EventTarget()
})
afterEach(async () => {
  running.forEach((supervised) => supervised.kill())
  await Promise.all(running.map((supervised) => supervised.stop()))
  rmSync(folder, { recursive: true, force: true })
})

const start = (script: string, more: Partial<SupervisedSpec> = {}, wellAfterMs?: number) => {
  const said: string[] = []
  const supervised = supervise({
    spec: {
      name: 'fake',
      title: 'The fake',
      command: process.execPath,
      args: ['-e', script],
      cwd: folder,
      env: process.env,
      logPath: join(folder, 'fake.log'),
      showsWarnings: true,
      whenUp: null,
      readyWithinMs: 60_000,
      stopGraceMs: 5_000,
      ...more,
    },
    say: (line) => {
      said.push(line)
      changes.dispatchEvent(new Event('said'))
    },
    onChange: () => changes.dispatchEvent(new Event('change')),
    ...(wellAfterMs === undefined ? {} : { wellAfterMs }),
  })
  running.push(supervised)
  return { supervised, said }
}

/** Ends when the log says `ready` so often. */
const lives = async (count: number): Promise<void> => {
  const path = join(folder, 'fake.log')
  while (readFileSync(path, 'utf8').split('ready').length <= count) await sleep(20)
}

/** The id of the next life, once there is one. */
const nextPid = async (supervised: SupervisedProcess, before: number | null): Promise<number> => {
  for (;;) {
    const pid = supervised.pid()
    if (pid !== null && pid !== before) return pid
    await once(changes, 'change')
  }
}
const logText = () => readFileSync(join(folder, 'fake.log'), 'utf8')

describe('supervise', () => {
  it('starts again what was killed before it was ready, which is no failure of its own', async () => {
    const { supervised } = start(`setTimeout(() => { ${READY} }, 300); ${FOREVER}`)
    let pid: number | null = null
    for (let time = 0; time < 3; time += 1) {
      pid = await nextPid(supervised, pid)
      process.kill(pid, 'SIGKILL')
    }
    await supervised.ready
    expect(supervised.pid()).not.toBe(pid)
  })

  it('starts a process that was killed again', async () => {
    const { supervised, said } = start(`${READY}; ${FOREVER}`)
    await supervised.ready
    const first = supervised.pid() ?? 0
    process.kill(first, 'SIGKILL')
    const second = await nextPid(supervised, first)
    expect(processIdentity(second)).not.toBeNull()
    expect(said).toEqual(['The fake ended (SIGKILL); it starts again in 1 s'])
  })

  it.each([
    { well: 'was ready for a while', wellAfterMs: 0, delays: [1, 1] },
    { well: 'was ready for a moment', wellAfterMs: 60_000, delays: [1, 2] },
  ])('starts one again that $well, after $delays s', async ({ wellAfterMs, delays }) => {
    const { supervised, said } = start(`${READY};${FOREVER}`, {}, wellAfterMs)
    await supervised.ready
    for (const [index] of delays.entries()) {
      const pid = await nextPid(supervised, null)
      await lives(index + 1)
      process.kill(pid, 'SIGKILL')
      while (said.length <= index) await once(changes, 'said')
    }
    expect(said).toEqual(delays.map((delay) => `The fake ended (SIGKILL); it starts again in ${delay} s`))
  })

  it('keeps the log of an earlier life', async () => {
    const { supervised } = start(`console.log('life ' + process.pid); ${READY}; ${FOREVER}`)
    await supervised.ready
    const first = supervised.pid() ?? 0
    process.kill(first, 'SIGKILL')
    await nextPid(supervised, first)
    expect(logText()).toContain(`life ${first}`)
  })

  it('gives up on one that never becomes ready, with its last words', async () => {
    const { supervised } = start(`console.error('SLUICE_PORT: must be a number'); process.exit(1)`)
    await expect(supervised.ready).rejects.toThrow(
      'The fake does not start (exit code 1).\nSLUICE_PORT: must be a number',
    )
    expect(supervised.pid()).toBeNull()
  })

  it('gives up on one that takes too long, and ends it', async () => {
    const { supervised } = start(FOREVER, { readyWithinMs: 200 })
    const pid = supervised.pid() ?? 0
    await expect(supervised.ready).rejects.toThrow('The fake does not start (SIGKILL)')
    expect(processIdentity(pid)).toBeNull()
  })

  it('gives up on a program that is not there', async () => {
    const { supervised } = start('', { command: join(folder, 'missing'), args: [] })
    await expect(supervised.ready).rejects.toThrow('The fake does not start')
  })

  it('asks first, and stops the children of its child too', async () => {
    const { supervised } = start(`
      const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(FOREVER)}])
      console.log('grandchild ' + child.pid)
      process.on('SIGTERM', () => { console.log('asked'); process.exit(0) })
      ${READY}
      ${FOREVER}`)
    await supervised.ready
    const grandchild = Number(/grandchild (\d+)/.exec(logText())?.[1])
    expect(processIdentity(grandchild)).not.toBeNull()
    await supervised.stop()
    expect(logText()).toContain('asked')
    expect(processIdentity(grandchild)).toBeNull()
    expect(supervised.pid()).toBeNull()
  })

  it('makes one end that does not want to', async () => {
    const { supervised } = start(`process.on('SIGTERM', () => {}); ${READY}; ${FOREVER}`, { stopGraceMs: 300 })
    await supervised.ready
    const pid = supervised.pid() ?? 0
    await supervised.stop()
    expect(processIdentity(pid)).toBeNull()
  })

  it('does not start one again that was stopped while it waited to', async () => {
    const { supervised, said } = start(`${READY}; setTimeout(() => process.exit(3), 50)`)
    while (said.length === 0) await once(changes, 'said')
    await supervised.stop()
    expect(supervised.pid()).toBeNull()
    expect(said).toEqual(['The fake ended (exit code 3); it starts again in 1 s'])
  })

  it('shows warnings on the terminal, and nothing less', async () => {
    const log = (level: string, msg: string) => `console.log('${JSON.stringify({ level, msg })}');`
    const { supervised, said } = start(`${log('info', 'hello')} ${log('warn', 'disk is slow')} ${READY}; ${FOREVER}`)
    await supervised.ready
    expect(said).toEqual(['fake warn: disk is slow'])
    expect(logText()).toContain('hello')
  })
})
