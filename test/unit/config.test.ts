import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../config.ts'
import { isProgram } from '../../scripts/is-program.ts'

const complaintsOf = (env: Record<string, string>, hasProgram?: (program: string) => boolean): string[] => {
  try {
    parseConfig(env, {}, hasProgram)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n').slice(1)
  }
}

describe('parseConfig', () => {
  it('names every wrong setting at once, each with what it must be', () => {
    const env = {
      SLUICE_ALLOW_ADDRESSES: '10.0.0.5, nope, 300.1.1.1/99',
      TEMPORAL_ADDRESS: 'http://x',
      SLUICE_PUBLIC_URL: 'ftp://x',
      SLUICE_PORT: 'abc',
      SLUICE_FFMPEG: '/nowhere/ffmpeg',
      SLUICE_YTDLP: '/nowhere/yt-dlp',
      SLUICE_DENO: '/opt/deno',
    }
    expect(complaintsOf(env, (program) => program === '/opt/deno')).toEqual([
      '  SLUICE_PORT: must be a whole number from 0 to 65535',
      '  SLUICE_PUBLIC_URL: must be an address that begins with http:// or https://, without user, query or #',
      '  SLUICE_ALLOW_ADDRESSES: not an address or network: nope, 300.1.1.1/99',
      '  TEMPORAL_ADDRESS: must be host:port, as in temporal.example.org:7233',
      '  SLUICE_FFMPEG: /nowhere/ffmpeg is no program that can be run',
      '  SLUICE_YTDLP: /nowhere/yt-dlp is no program that can be run',
    ])
  })

  const wrong: [string, string][] = [
    ['SLUICE_PUBLIC_URL', 'https://example.org/?a=1'],
    ['SLUICE_PUBLIC_URL', 'https://example.org/#top'],
    ['SLUICE_PUBLIC_URL', 'https://user:secret@example.org'],
    ['SLUICE_PUBLIC_URL', 'example.org'],
    ['TEMPORAL_UI_URL', 'javascript:alert(1)'],
    ['TEMPORAL_ADDRESS', 'temporal'],
    ['TEMPORAL_ADDRESS', 'temporal:0'],
    ['TEMPORAL_ADDRESS', 'temporal:70000'],
    ['TEMPORAL_ADDRESS', '::1:7233'],
    ['TEMPORAL_ADDRESS', '[x]:7233'],
    ['DATABASE_URL', 'postgres://localhost/sluice'],
    ['DATABASE_URL', 'mysql://['],
    ['SLUICE_BUS_URL', 'http://127.0.0.1:8080/internal/bus'],
    ['SLUICE_HOST', '127.0.0.1:8080'],
    ['SLUICE_HOST', 'http://localhost'],
    ['SLUICE_MEDIA_SLOTS', '1.5'],
    ['SLUICE_MEDIA_SLOTS', '0'],
    ['SLUICE_MEDIA_SLOTS', '1e2'],
    ['SLUICE_STALL_MS', '99999999999'],
    ['SLUICE_DATA_QUOTA', 'much'],
    ['SLUICE_KEEP_FREE', '-1'],
    ['SLUICE_WORKER_ROLES', 'control,cook'],
  ]
  it.each(wrong)('refuses %s=%s', (name, value) => {
    expect(complaintsOf({ [name]: value })).toEqual([expect.stringContaining(`  ${name}`)])
  })

  const right: [string, string][] = [
    ['SLUICE_PUBLIC_URL', 'https://sluice.example.org'],
    ['TEMPORAL_ADDRESS', 'temporal:7233'],
    ['TEMPORAL_ADDRESS', '[::1]:7233'],
    ['TEMPORAL_ADDRESS', '127.0.0.1:1'],
    ['SLUICE_ALLOW_ADDRESSES', '10.0.0.5, 192.168.0.0/16,127.0.0.1:8000,[::1]:80,*'],
    ['DATABASE_URL', 'mysql://sluice:secret@db/sluice'],
    ['SLUICE_BUS_URL', 'ws://api:8080/internal/bus'],
    ['SLUICE_HOST', '::'],
    ['SLUICE_HOST', 'my-host.local'],
    ['SLUICE_PORT', '0'],
    ['SLUICE_DATA_QUOTA', '1.5 TiB'],
    ['SLUICE_KEEP_FREE', '0'],
    ['SLUICE_FFMPEG', '/nowhere/ffmpeg'],
  ]
  it.each(right)('takes %s=%s', (name, value) => {
    expect(complaintsOf({ [name]: value })).toEqual([])
  })

  it('takes an empty setting for one that is not there', () => {
    expect(parseConfig({ SLUICE_PORT: '', SLUICE_FFMPEG: '' }, {}, () => false)).toMatchObject({
      http: { port: null },
      tools: { ffmpeg: 'ffmpeg' },
    })
  })
})

describe('isProgram', () => {
  it('knows whole paths, and names in PATH', () => {
    const node = process.execPath
    const folder = node.slice(0, node.lastIndexOf('/'))
    expect(isProgram(node, '')).toBe(true)
    expect(isProgram('node', `/nowhere:${folder}`)).toBe(true)
    expect(isProgram('node', '/nowhere')).toBe(false)
    expect(isProgram('/nowhere/node', folder)).toBe(false)
    expect(isProgram(folder, folder)).toBe(false)
  })
})
