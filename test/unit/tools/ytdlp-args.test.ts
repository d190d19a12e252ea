import { describe, expect, it } from 'vitest'
import { PRESETS } from '../../../contract/presets.ts'
import { downloadArgs, formatSort, resolveArgs } from '../../../tools/ytdlp-args.ts'

const setup = { denoPath: '/tools/deno', pluginDir: '/plugins', cacheDir: '/cache' }

describe('formatSort', () => {
  it.each([
    ['web', {}, ['res:1080', 'vcodec:h264', 'acodec:aac', 'vext:mp4', 'aext:m4a']],
    ['web', { maxHeight: 720 }, ['res:720', 'vcodec:h264', 'acodec:aac', 'vext:mp4', 'aext:m4a']],
    ['web', { maxHeight: 4320 }, ['res:1080', 'vcodec:h264', 'acodec:aac', 'vext:mp4', 'aext:m4a']],
    ['original', {}, []],
    ['original', { maxHeight: 480 }, ['res:480']],
    ['audio', {}, ['acodec:aac']],
    ['audio', { audioFormat: 'opus' }, ['acodec:opus']],
    ['audio', { audioFormat: 'mp3', maxHeight: 480 }, ['acodec:mp3']],
  ] as const)('%s with %j', (preset, options, expected) => {
    expect(formatSort(PRESETS[preset], options)).toEqual(expected)
  })
})

describe('arguments of yt-dlp', () => {
  const ask = { url: '--exec=touch /tmp/x', format: 'bv*+ba/b', sort: ['res:720'], onlyEntry: false }

  it('never read what is given as an address as an option', () => {
    expect(resolveArgs(setup, ask).slice(-2)).toEqual(['--', '--exec=touch /tmp/x'])
  })

  it('look at two entries of a list at most', () => {
    expect(resolveArgs(setup, ask).join(' ')).toContain('--flat-playlist --playlist-items 1:2')
    expect(resolveArgs(setup, { ...ask, onlyEntry: true }).join(' ')).not.toContain('--flat-playlist')
  })

  it.each([resolveArgs(setup, ask), downloadArgs(setup, { infoFile: 'load.json', formatIds: ['part0', 'part1'] })])(
    'depend on nothing of the machine and retry nothing',
    (...args) => {
      const line = args.join(' ')
      expect(line).toMatch(/^--ignore-config --no-plugin-dirs --plugin-dirs \/plugins --cache-dir \/cache/)
      expect(line).toContain('--retries 0 --extractor-retries 0')
      expect(line).toContain('--js-runtimes deno:/tools/deno')
    },
  )

  it('find deno by its name where no path is known', () => {
    expect(resolveArgs({ ...setup, denoPath: 'deno' }, ask).join(' ')).toContain('--js-runtimes deno --')
  })

  it('fetch each format by itself, and all of it', () => {
    const args = downloadArgs(setup, { infoFile: 'load.json', formatIds: ['part0', 'part1'] })
    expect(args[args.indexOf('--format') + 1]).toBe('part0,part1')
    expect(args).toContain('--abort-on-unavailable-fragments')
  })
})
