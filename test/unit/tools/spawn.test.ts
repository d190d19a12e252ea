import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SluiceError } from '../../../contract/failures.ts'
import { runTool, type ToolRun } from '../../../tools/spawn.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-spawn-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const shell = (script: string, options: Partial<ToolRun> = {}) =>
  runTool({ tool: 'ffmpeg', path: '/bin/sh', args: ['-c', script], cwd: dir, ...options })

const errorOf = async (run: Promise<unknown>): Promise<SluiceError> => {
  const error: unknown = await run.then(
    () => new Error('did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof SluiceError) return error
  throw error
}

/** Running, not merely waiting to be reaped. */
const isRunning = (pid: string): boolean => {
  try {
    return !/^[ZX]/.test(execFileSync('ps', ['-o', 'stat=', '-p', pid.trim()], { encoding: 'utf8' }))
  } catch {
    return false
  }
}

describe('runTool', () => {
  it('gives back what the program wrote', async () => {
    const result = await shell('echo out; echo err >&2')
    expect(result).toMatchObject({ stdout: 'out\n', stderrTail: 'err', exitCode: 0 })
    expect(result.durationMs).toBeGreaterThan(0)
  })

  it('hands arguments over as they are', async () => {
    const args = ['%s|', '$HOME', 'a b', '"', "'", '*', '-rf', '../../x', '🎬'.repeat(400)]
    const { stdout } = await runTool({ tool: 'printf', path: '/usr/bin/printf', args })
    expect(stdout).toBe(`${args.slice(1).join('|')}|`)
  })

  it('gives the program nothing of our environment and no stdin', async () => {
    const { stdout } = await shell('env; cat', { env: { EXTRA: '1' } })
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0])
    expect(new Set(names)).toEqual(new Set(['EXTRA', 'HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR']))
    expect(stdout).toContain(`HOME=${dir}\n`)
  })

  it('hands lines on as they come, carriage returns included', async () => {
    const lines: string[] = []
    const result = await shell(String.raw`printf 'a\rb\n\ncaf\303'; printf '\251'; printf 'x' >&2`, {
      onStdoutLine: (line) => lines.push(line),
      onStderrLine: (line) => lines.push(`err ${line}`),
    })
    expect(lines.toSorted()).toEqual(['a', 'b', 'café', 'err x'])
    expect(result.stdout).toBe('')
  })

  it('accepts the exit codes it is told to', async () => {
    const result = await shell('exit 3', { acceptExit: (code) => code === 3 })
    expect(result.exitCode).toBe(3)
  })

  it('lowers the priority of the program', async () => {
    // It is lowered just after the start: the program asks until it is.
    const { stdout } = await shell('while [ "$(nice)" = 0 ]; do :; done; nice', { nice: 7 })
    expect(stdout).toBe('7\n')
  })
})

describe('runTool when the program fails', () => {
  it('names the setting of a program that is not there', async () => {
    const error = await errorOf(runTool({ tool: 'ffmpeg', path: '/nowhere/ffmpeg', args: [] }))
    expect(error.code).toBe('ToolMissing')
    expect(error.message).toMatch(/\/nowhere\/ffmpeg does not start.*SLUICE_FFMPEG/)
  })

  it('names the setting of a file that is no program', async () => {
    const path = join(dir, 'ffmpeg')
    await writeFile(path, 'text', { mode: 0o644 })
    const error = await errorOf(runTool({ tool: 'ffmpeg', path, args: [] }))
    expect(error).toMatchObject({ code: 'ToolMissing', message: expect.stringContaining('may not be executed') })
  })

  it('does not blame the program for a missing folder', async () => {
    const error = await errorOf(shell('true', { cwd: join(dir, 'gone') }))
    expect(error.code).toBe('ToolCrashed')
    expect(error.message).toContain('no working folder')
  })

  it('says how it ended, without secrets', async () => {
    const error = await errorOf(shell('echo "see https://me:pw@host.example/a?sig=abc" >&2; exit 7'))
    expect(error).toMatchObject({ code: 'ToolCrashed', details: { tool: 'ffmpeg', exitCode: 7, signal: null } })
    expect(error.details.stderrTail).toBe('see https://…@host.example/a?…')
  })

  it('keeps the end of a long stderr', async () => {
    const error = await errorOf(shell('yes "a long line of complaint" | head -n 20000 >&2; echo last >&2; exit 1'))
    expect(error.details.stderrTail?.length).toBeLessThanOrEqual(2_000)
    expect(error.details.stderrTail).toMatch(/last$/)
  })

  it('tells being ended by somebody else from a crash', async () => {
    const error = await errorOf(shell('kill -KILL $$'))
    expect(error).toMatchObject({ code: 'ToolKilled', details: { exitCode: null, signal: 'SIGKILL' } })
  })

  it('knows ffmpeg to end with 255, and without a word, when somebody asks it to', async () => {
    expect(await errorOf(shell('trap "exit 255" TERM; kill -TERM $$'))).toMatchObject({ code: 'ToolKilled' })
    expect(await errorOf(shell('echo "Operation not permitted" >&2; exit 255'))).toMatchObject({ code: 'ToolCrashed' })
  })

  it('tells a signal from an exit', async () => {
    const error = await errorOf(shell('kill -SEGV $$'))
    expect(error).toMatchObject({ code: 'ToolCrashed', details: { exitCode: null, signal: 'SIGSEGV' } })
  })

  it.runIf(process.platform === 'linux')('knows a full disk by the words for it', async () => {
    const error = await errorOf(shell('cat /proc/version > /dev/full'))
    expect(error.code).toBe('DiskFull')
  })

  it('stops one that writes without end', async () => {
    const error = await errorOf(shell('yes', { maxOutputBytes: 10_000 }))
    expect(error).toMatchObject({ code: 'ToolCrashed', message: expect.stringContaining('10000 bytes') })
  })

  it('stops one without progress', async () => {
    const error = await errorOf(shell('echo why >&2; sleep 60', { stallMs: 300 }))
    expect(error).toMatchObject({ code: 'ToolStalled', details: { stderrTail: 'why' } })
  })

  it('does not take chatter for progress', async () => {
    const chatter = shell('while :; do echo still here; sleep 0.05; done', {
      stallMs: 300,
      isProgress: (line) => line.startsWith('frame='),
    })
    expect((await errorOf(chatter)).code).toBe('ToolStalled')
  })

  it('lets one go on that makes progress', async () => {
    const result = await shell('for n in 1 2 3 4 5 6; do echo frame=$n; sleep 0.1; done', {
      stallMs: 400,
      isProgress: (line) => line.startsWith('frame='),
    })
    expect(result.exitCode).toBe(0)
  })
})

describe('runTool ends whole groups', () => {
  const pidsOf = async (): Promise<string[]> => (await readFile(join(dir, 'pids'), 'utf8')).trim().split('\n')

  it('when cancelled, children included, with the reason of the signal', async () => {
    const cancel = new AbortController()
    const reason = new Error('cancelled by the user')
    const run = shell('sleep 60 & echo $! > pids; echo $$ >> pids; echo ready; wait', {
      signal: cancel.signal,
      onStdoutLine: () => cancel.abort(reason),
    })
    await expect(run).rejects.toBe(reason)
    expect((await pidsOf()).map(isRunning)).toEqual([false, false])
  })

  it('with SIGKILL where SIGTERM is ignored', async () => {
    const cancel = new AbortController()
    const startedAt = performance.now()
    const run = shell('trap "" TERM; echo $$ > pids; echo ready; while :; do sleep 0.1; done', {
      signal: cancel.signal,
      onStdoutLine: () => cancel.abort(new Error('enough')),
    })
    await expect(run).rejects.toThrow('enough')
    expect((await pidsOf()).map(isRunning)).toEqual([false])
    expect(performance.now() - startedAt).toBeGreaterThan(2_900)
  })

  it('when a callback throws', async () => {
    const run = shell('echo $$ > pids; echo bad line; sleep 60', {
      onStdoutLine: () => {
        throw new Error('cannot read that')
      },
    })
    await expect(run).rejects.toThrow('cannot read that')
    expect((await pidsOf()).map(isRunning)).toEqual([false])
  })

  it('when it ends well but leaves a child', async () => {
    const result = await shell('sleep 60 & echo $! > pids')
    expect(result.exitCode).toBe(0)
    expect((await pidsOf()).map(isRunning)).toEqual([false])
  })

  it('never starts it for a signal that is aborted already', async () => {
    const run = shell('touch started', { signal: AbortSignal.abort(new Error('too late')) })
    await expect(run).rejects.toThrow('too late')
    await expect(readFile(join(dir, 'started'))).rejects.toThrow('ENOENT')
  })

  it.runIf(process.platform === 'linux')('when this process is killed', async () => {
    const script = fileURLToPath(new URL('../../fixtures/fake-tools/run-sleeper.ts', import.meta.url))
    const parent = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = await new Promise<string>((resolve) => parent.stdout.once('data', (data) => resolve(String(data))))
    expect(isRunning(pid)).toBe(true)
    parent.kill('SIGKILL')
    await expect.poll(() => isRunning(pid)).toBe(false)
  })
})
