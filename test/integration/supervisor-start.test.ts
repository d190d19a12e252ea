import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Instance } from '../../contract/instance.ts'
import { lockInstance } from '../../scripts/instance-lock.ts'
import { readInstance } from '../../scripts/instance-file.ts'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { processIdentity } from '../../scripts/process-identity.ts'
import { makeClip } from './make-media.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const START = ['--import', 'tsx', join(ROOT, 'scripts/start.ts')]
const CLI = ['--import', 'tsx', join(ROOT, 'cli.ts')]

let folder: string
let dataDir: string
const children: ChildProcess[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-start-'))
  dataDir = join(folder, 'data')
})
afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue
    process.kill(-child.pid, 'SIGTERM')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true, force: true })
})

interface Run {
  child: ChildProcess
  lines: string[]
  until: (text: string) => Promise<string>
  ended: Promise<{ code: number | null; out: string; err: string }>
}

/** Runs a program as a person would from a terminal, in a process group of its own as a shell makes one. */
const run = (command: string, args: string[], settings: Record<string, string> = {}): Run => {
  const ports = { SLUICE_PORT: '0', SLUICE_TEMPORAL_PORT: '0', SLUICE_TEMPORAL_UI_PORT: '0' }
  const child = spawn(command, args, {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, ...ports, SLUICE_DATA: dataDir, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const lines: string[] = []
  const texts = { out: '', err: '' }
  const news = new EventTarget()
  for (const name of ['out', 'err'] as const) {
    createInterface({ input: name === 'out' ? child.stdout : child.stderr }).on('line', (line) => {
      lines.push(line)
      texts[name] += `${line}\n`
      news.dispatchEvent(new Event('line'))
    })
  }
  const ended = once(child, 'close').then(([code]) => {
    news.dispatchEvent(new Event('line'))
    return { code: code as number | null, ...texts }
  })
  const until = async (text: string): Promise<string> => {
    for (;;) {
      const found = lines.find((line) => line.includes(text))
      if (found !== undefined) return found
      if (child.exitCode !== null) throw new Error(`it ended before it said “${text}”:\n${lines.join('\n')}`)
      await once(news, 'line')
    }
  }
  return { child, lines, until, ended }
}

const start = async (command: string, args: string[]): Promise<Run & { instance: Instance }> => {
  const started = run(command, args)
  await started.until('Ctrl-C stops it')
  const instance = readInstance(dataDir)
  if (!instance) throw new Error('there is no instance file')
  return { ...started, instance }
}

/** A port that somebody listens on until the test has ended. */
const occupyPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const listening = server.address()
  if (typeof listening !== 'object' || listening === null) throw new Error('it has no port')
  return listening.port
}

const aliveOf = ({ processes }: Instance): string[] =>
  processes.filter(({ pid, identity }) => processIdentity(pid) === identity).map(({ name }) => name)

describe('a Sluice that runs', () => {
  let running: Run & { instance: Instance }
  beforeAll(async () => {
    running = await start('npm', ['start'])
  })

  it('says where everything is', async () => {
    const { lines, instance } = running
    expect(lines.join('\n')).toMatch(/Page +http:\/\/127\.0\.0\.1:\d+\/sign-in\?token=\S+/)
    expect(aliveOf(instance)).toEqual(['temporal', 'worker', 'api'])
    expect((await fetch(`${instance.url}/healthz`)).status).toBe(200)
    expect((await fetch(String(instance.temporalUiUrl))).status).toBe(200)
  })

  it('shares its data directory with no other', async () => {
    const second = await run(process.execPath, START).ended
    expect(second.code).toBe(1)
    expect(second.err).toContain(`Sluice is already running at ${running.instance.url}`)
    expect(aliveOf(running.instance)).toEqual(['temporal', 'worker', 'api'])
  })

  it('has a port that another can be told to have, and then says so', async () => {
    const { port } = new URL(running.instance.url)
    const other = { SLUICE_DATA: join(folder, 'other'), SLUICE_PORT: port }
    const { code, err } = await run(process.execPath, START, other).ended
    expect(code).toBe(1)
    expect(err).toContain(`Port ${port} is busy, and SLUICE_PORT asks for just this one.`)
  })

  it('takes a file from the command line, which prints where it came out', async () => {
    const clip = join(folder, 'Holiday at sea.mp4')
    await makeClip(readInstalledTools().ffmpeg ?? 'ffmpeg', clip)
    const { code, out, err } = await run(process.execPath, [...CLI, 'submit', clip]).ended
    expect(err).toContain('✓ Holiday at sea')
    expect(code).toBe(0)
    expect(out.trim().startsWith(running.instance.libraryDir)).toBe(true)
    expect(existsSync(out.trim())).toBe(true)
    expect(readdirSync(running.instance.importDir)).toEqual([])
    const list = await run(process.execPath, [...CLI, 'list', '--state', 'succeeded']).ended
    expect(list.out).toContain('Holiday at sea')
  })

  it('lets the command line say in a sentence why a source fails', async () => {
    const missing = await run(process.execPath, [...CLI, 'submit', join(folder, 'missing.mp4')]).ended
    expect(missing).toMatchObject({ code: 1, out: '' })
    expect(missing.err).toContain('is neither an address, as in https://…, nor a file')
    // Discard, a port that nothing listens on; loopback is not allowed here.
    const refused = await run(process.execPath, [...CLI, 'submit', 'http://127.0.0.1:9/clip.mp4']).ended
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('SLUICE_ALLOW_ADDRESSES')
  })

  it('is the one that `npm start -- URL` submits to', async () => {
    const { code, out, err } = await run(process.execPath, [...START, 'ftp://127.0.0.1/clip.mp4']).ended
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('✗ ftp://127.0.0.1/clip.mp4')
    expect(err).not.toContain('Starting Sluice')
  })

  it('stops all when Ctrl-C reaches npm, the shell and Sluice at once', async () => {
    process.kill(-Number(running.child.pid), 'SIGINT')
    const { out } = await running.ended
    expect(out).toContain('Sluice has stopped.')
    expect(aliveOf(running.instance)).toEqual([])
    expect(readInstance(dataDir)).toBeNull()
    const alone = await run(process.execPath, [...CLI, 'list']).ended
    expect(alone.code).toBe(1)
    expect(alone.err).toContain('Start one with: npm start')
  })
})

describe('npm start', () => {
  it('starts after one that was killed, of which nothing is left', async () => {
    const { child, instance } = await start(process.execPath, START)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = lockInstance(dataDir)
    expect(lock).not.toBeNull()
    lock?.release()
    const next = await start(process.execPath, START)
    expect(aliveOf(instance)).toEqual([])
    expect(aliveOf(next.instance)).toEqual(['temporal', 'worker', 'api'])
    next.child.kill('SIGINT')
    expect((await next.ended).code).toBe(0)
    expect(aliveOf(next.instance)).toEqual([])
  })

  it('says all that is wrong with the settings, and starts nothing', async () => {
    const { code, err } = await run(process.execPath, START, {
      SLUICE_MEDIA_SLOTS: 'many',
      SLUICE_PORT: '99999',
      SLUICE_FFMPEG: '/nowhere/ffmpeg',
    }).ended
    expect(code).toBe(1)
    expect(err).toContain('SLUICE_FFMPEG')
    expect(err).toContain('SLUICE_MEDIA_SLOTS')
    expect(err).toContain('SLUICE_PORT')
    expect(readInstance(dataDir)).toBeNull()
  })

  describe('with a Temporal elsewhere that is away', () => {
    const away = () => ({ SLUICE_DATA: join(folder, 'away'), TEMPORAL_ADDRESS: '127.0.0.1:1' })

    it('says what it waits for, and stops in order', async () => {
      const { child, until, ended } = run(process.execPath, START, away())
      await until('Ctrl-C stops it')
      child.kill('SIGTERM')
      const { code, out, err } = await ended
      expect(code).toBe(0)
      expect(err).not.toMatch(/^ +at |StartError/m)
      expect(out).toContain('Sluice accepts jobs; its worker waits for Temporal at 127.0.0.1:1.')
      expect(out).not.toContain('Sluice is running')
      expect(out).toMatch(/\nStopping Sluice\nSluice has stopped\.\n$/)
      expect(readdirSync(away().SLUICE_DATA)).not.toContain('instance.json')
    })

    it('stops in order half-way through its start, too', async () => {
      const { child, until, ended } = run(process.execPath, START, away())
      await until('Starting Sluice')
      child.kill('SIGINT')
      expect(await ended).toEqual({ code: 0, out: 'Starting Sluice\nStopping Sluice\nSluice has stopped.\n', err: '' })
    })

    it('gives up with the reason where the worker can never start', async () => {
      const busy = await occupyPort()
      const { code, err } = await run(process.execPath, START, { ...away(), SLUICE_METRICS_PORT: String(busy) }).ended
      expect(code).toBe(1)
      expect(err).toMatch(/The worker does not start \(exit code 1\)\.\n.*EADDRINUSE/)
    })
  })

  it('demonstrates itself, ends by itself and leaves the files', async () => {
    const { code, out, err } = await run(process.execPath, [...START, '--demo']).ended
    expect(err).toContain('✓ Sluice demonstration')
    expect(code).toBe(0)
    expect(existsSync(out.trim())).toBe(true)
    expect(readdirSync(dataDir).filter((name) => name.startsWith('demo-'))).toEqual([])
    expect(readInstance(dataDir)).toBeNull()
  })
})
