import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rendition, VideoEncode } from '../../contract/plan.ts'
import { audioArgs } from '../../tools/ffmpeg-audio.ts'
import { parseFfmpegBuild } from '../../tools/ffmpeg-build.ts'
import type { EncodeChunk } from '../../tools/encode-chunk.ts'
import { encodeArgs, encodeGraph } from '../../tools/ffmpeg-encode.ts'
import { standardPicture } from '../../tools/ffmpeg-filters.ts'
import { inputArgs } from '../../tools/ffmpeg-input.ts'
import { mainStreams, muxArgs } from '../../tools/ffmpeg-mux.ts'
import { createProgressParser, createProgressWatch } from '../../tools/ffmpeg-progress.ts'
import { packagerArgs } from '../../tools/packager-args.ts'
import { audioEncode } from '../audio-encode.ts'

const rendition = (name: string, width: number, height: number): Rendition => {
  return { name, width, height, crf: 22, maxrateBps: 1_000_000, profile: 'high' }
}
const encode = (changes: Partial<VideoEncode> = {}): VideoEncode => ({
  mode: 'encode',
  streamIndex: 0,
  copied: null,
  renditions: [rendition('720p', 1280, 720), rendition('480p', 854, 480)],
  excerpt: null,
  encoder: { codec: 'h264', speed: 'veryfast', range: 'standard' },
  frameRate: '30000/1001',
  keyframeIntervalMs: 2_000,
  deinterlace: false,
  colour: 'bt709',
  expectedMs: 10_000,
  storyboardBranch: null,
  originMs: 0,
  countedAt: null,
  chunkStarts: [0],
  fromCopy: false,
  sourceFrames: 300,
  longestFrameMs: 34,
  ...changes,
})
const tiles = { intervalMs: 2_000, tileWidth: 160, tileHeight: 90, columns: 5, rows: 1, tiles: 5 }

/** The value after an option, for each time it is given. */
const valuesOf = (args: readonly string[], option: string): string[] =>
  args.flatMap((arg, index) => (args[index - 1] === option ? [arg] : []))

const WHOLE = { from: 0, length: null }

const FIRST_OF_EACH = 'expr:if(isnan(prev_forced_t),1,gt(floor((t+1e-5)/2),floor((prev_forced_t+1e-5)/2)))'

const argsOf = (video: VideoEncode, chunk: EncodeChunk = WHOLE): string[] =>
  encodeArgs({
    video,
    chunk,
    source: { path: '/in/a b.mkv', isCopy: false, clock: { streams: [] } },
    outputs: ['/out/720p.mp4', '/out/480p.mp4'],
    tilesDir: '/out/tiles',
  })

describe('encode', () => {
  it('decodes once, and scales every rendition from the one before', () => {
    const graph = encodeGraph(encode({ storyboardBranch: tiles, deinterlace: true }), WHOLE)
    expect(graph).toMatch(
      /^\[0:0\]bwdif=[^,]+,fps=fps=30000\/1001:start_time=0,split=2\[s0\]\[t\];\[s0\]scale=1280:720:/,
    )
    expect(graph).toContain(',split=2[v0][s1];[s1]scale=854:480,setsar=1[v1];[t]fps=')
    expect(encodeGraph(encode(), WHOLE)).toMatch(/start_time=0\[s0\];.*\[s1\]scale=854:480,setsar=1\[v1\]$/)
    expect(graph.match(/scale=\d+:\d+/g)).toEqual(['scale=1280:720', 'scale=854:480', 'scale=160:90'])
    expect(valuesOf(argsOf(encode()), '-i')).toEqual(['file:/in/a b.mkv'])
  })

  it('ends every branch in square pixels of BT.709, tone-mapped where the source is not', () => {
    const plain = standardPicture('bt709', { width: 2, height: 2 }).join()
    const bright = standardPicture('hlg', { width: 2, height: 2 }).join()
    for (const filters of [plain, bright])
      expect(filters).toMatch(
        /out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1,setparams=.*colorspace=bt709/,
      )
    expect(plain).not.toContain('tonemap')
    expect(bright).toMatch(/setparams=.*color_trc=arib-std-b67.*zscale=w=2:h=2:.*tonemap=/)
  })

  it('ends pictures that become JPEG in its own colours', () => {
    expect(standardPicture('bt709', { width: 2, height: 2 }, 'still')).toEqual([
      'scale=2:2:in_color_matrix=bt709:out_color_matrix=bt601:out_range=pc',
      'format=yuvj420p',
      'setsar=1',
    ])
  })

  it('sets keyframes every two seconds, by frames at a constant and by time at a variable rate', () => {
    const constant = argsOf(encode())
    expect(valuesOf(constant, '-g')).toEqual(['60', '60'])
    expect(valuesOf(constant, '-sc_threshold')).toEqual(['0', '0'])
    expect(valuesOf(constant, '-fps_mode')).toEqual(['passthrough', 'passthrough'])
    const variable = argsOf(encode({ frameRate: null }))
    expect(valuesOf(variable, '-force_key_frames')).toEqual([FIRST_OF_EACH, FIRST_OF_EACH])
    expect(valuesOf(variable, '-fps_mode')).toEqual(['vfr', 'vfr'])
  })

  it('allows twice the cap as buffer', () => {
    expect(valuesOf(argsOf(encode()), '-bufsize')).toEqual(['2000000', '2000000'])
  })

  it('opens files only, by demuxers that follow no references', () => {
    const args = inputArgs('/in/http:x.mp4')
    expect(valuesOf(args, '-protocol_whitelist')).toEqual(['file,pipe'])
    const demuxers = valuesOf(args, '-format_whitelist').join().split(',')
    for (const follower of ['hls', 'concat', 'dash', 'sdp', 'image2', 'tty', 'imf']) {
      expect(demuxers).not.toContain(follower)
    }
    expect(args.at(-1)).toBe('file:/in/http:x.mp4')
  })
})

describe('audio and mux', () => {
  it('puts sound in step with the picture', () => {
    const args = audioArgs({
      audio: audioEncode({ codec: 'opus' }),
      language: 'deu',
      source: '/in/a.mkv',
      output: '/out/a.opus',
      clock: { streams: [] },
      level: [],
    })
    expect(valuesOf(args, '-c:a')).toEqual(['libopus'])
    expect(valuesOf(args, '-af')).toEqual(['aresample=async=1:first_pts=0'])
    expect(valuesOf(args, '-map')).toEqual(['0:1'])
    expect(valuesOf(args, '-metadata:s:0')).toEqual(['language=deu'])
  })

  it('takes encoded streams from their files and copied ones from the source, each input once', () => {
    const plan = {
      video: encode(),
      alsoCopy: [4],
      excerpt: null,
      extension: 'mp4',
      languages: { 3: 'deu', 4: 'eng' },
    }
    const sound = { name: 'audio', label: 'German', role: null, mode: 'copy', streamIndex: 3, codec: 'aac' } as const
    const streams = mainStreams(
      { ...plan, sounds: [{ ...sound, expectedMs: null }] },
      { source: '/in/s', video: '/in/v', sounds: [null] },
    )
    const args = muxArgs({ streams, output: '/out/main.mp4', extension: 'mp4', title: '-rf = title' })
    expect(valuesOf(args, '-i')).toEqual(['file:/in/v', 'file:/in/s'])
    expect(valuesOf(args, '-map')).toEqual(['0:0', '1:3', '1:4'])
    expect(valuesOf(args, '-metadata')).toEqual(['title=-rf = title'])
    expect(['s:0', 's:1', 's:2'].map((stream) => valuesOf(args, `-metadata:${stream}`))).toEqual([
      [],
      ['language=deu'],
      ['language=eng'],
    ])
    expect(valuesOf(args, '-movflags')).toEqual(['+faststart'])
  })

  it('gives the packager one descriptor a stream, sound in a group of its own', () => {
    const args = packagerArgs(
      [
        { kind: 'video', name: '720p', input: '720p.mp4' },
        { kind: 'audio', name: 'audio', input: 'audio.m4a', label: 'German', role: null },
      ],
      'package/stream',
    )
    expect(args[0]).toBe(
      'in=720p.mp4,stream=video,init_segment=package/stream/720p/init.mp4,segment_template=package/stream/720p/$Number%05d$.m4s,playlist_name=720p/index.m3u8',
    )
    expect(args[1]).toContain('hls_group_id=audio')
    expect(args).toContain('--generate_static_live_mpd')
  })
})

describe('progress', () => {
  const feed = (totalMs: number | null, ...lines: string[]) => {
    const parse = createProgressParser(totalMs)
    return lines.map(parse).filter((reading) => reading !== null)
  }

  it('gives a reading with each progress line', () => {
    expect(
      feed(10_000, 'frame=75', 'out_time_us=2500000', 'out_time=00:00:02.5', 'speed=2.5x', 'progress=continue'),
    ).toEqual([{ unit: 'mediaMs', percent: 25, done: 2_500, total: 10_000, rate: 2_500, etaMs: 3_000 }])
  })

  it('does not invent what is unknown', () => {
    expect(feed(null, 'out_time_us=N/A', 'speed=N/A', 'progress=continue')).toEqual([
      { unit: 'mediaMs', percent: null, done: 0, total: null, rate: null, etaMs: null },
    ])
  })

  it('ends at 100', () => {
    expect(feed(10_000, 'out_time_us=9960000', 'progress=end')[0]).toMatchObject({ percent: 100, etaMs: 0 })
  })

  it('stays within bounds whatever comes', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('progress=continue', 'progress=end', 'speed=0x', 'speed=1e9x'),
      fc.double().map((value) => `out_time_us=${value}`),
    )
    fc.assert(
      fc.property(fc.array(line), fc.option(fc.nat()), (lines, total) => {
        for (const { percent, done } of feed(total, ...lines)) {
          expect(done).toBeGreaterThanOrEqual(0)
          if (percent === null) continue
          expect(percent).toBeGreaterThanOrEqual(0)
          expect(percent).toBeLessThanOrEqual(100)
        }
      }),
    )
  })

  it('takes repeated lines for no progress', () => {
    const moved = createProgressWatch()
    const lines = ['frame=1', 'out_time_us=5', 'frame=1', 'out_time_us=5', 'speed=1x', 'frame=2']
    expect(lines.map(moved)).toEqual([true, true, false, false, false, true])
  })
})

describe('build', () => {
  it('is version and configuration', () => {
    const text =
      'ffmpeg version n9.0.2 Copyright (c)\nbuilt with gcc\nconfiguration: --enable-gpl --enable-libx264\nlibavutil 61'
    expect(parseFfmpegBuild(text)).toBe('n9.0.2 --enable-gpl --enable-libx264')
  })
})
