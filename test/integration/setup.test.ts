import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { readInstalledTools } from '../../scripts/installed-tools.ts'

const run = promisify(execFile)
const SETUP = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url))
const PATHS = fileURLToPath(new URL('../../.tools/tools.json', import.meta.url))

/** Has a program tell what it has cost: its own time, however many share the machine. */
const TELL_COST = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  process.stdout.write('COST ' + (user + system) / 1000)
})`)}`

const setUp = async (settings: Record<string, string> = {}, flag = '--test') => {
  const env = { ...process.env, ...settings }
  const { stdout, stderr } = await run(process.execPath, ['--import', TELL_COST, SETUP, flag], { env })
  const [said, cost] = stdout.split('COST ')
  return { said: said + stderr, cpuMs: Number(cost) }
}

describe('set-up', () => {
  it('does nothing, says nothing and is quick where all is there', async () => {
    await setUp()
    const { said, cpuMs } = await setUp()
    expect(said).toBe('')
    expect(cpuMs).toBeLessThan(1_000)
  })

  it('has found a build of each tool that runs here', async () => {
    const { ffmpeg, ffprobe, packager, ytdlp, deno, temporal } = readInstalledTools()
    const says = async (path: string | undefined, flag: string) => (await run(path ?? '', [flag])).stdout
    expect(await says(ffmpeg, '-version')).toContain('ffmpeg version')
    expect(await says(ffprobe, '-version')).toContain('ffprobe version')
    expect(await says(packager, '--version')).toContain('packager')
    expect(await says(ytdlp, '--version')).toMatch(/^\d{4}\./)
    expect(await says(deno, '--version')).toContain('deno')
    expect(await says(temporal, '--version')).toContain('Server')
  })

  it('refuses a tool set by hand that does not run, and keeps what it had', async () => {
    const before = readFileSync(PATHS, 'utf8')
    await expect(setUp({ SLUICE_FFMPEG: '/nowhere/ffmpeg' })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SLUICE_FFMPEG is /nowhere/ffmpeg, which does not run.') as string,
    })
    expect(readFileSync(PATHS, 'utf8')).toBe(before)
    expect((await setUp()).said).toBe('')
  })

  it('leaves it to the start to refuse one that is not there, with all else that is wrong', async () => {
    expect((await setUp({ SLUICE_FFMPEG: '/nowhere/ffmpeg' }, '--start')).said).toBe('')
  })
})
