import { execFile } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beepsIn, flash, lookAndListen } from './flash-and-beep.ts'
import { createMediaLine, type Made, type MediaLine } from './media-line.ts'
import { BEEPS, BESIDE, film, H264, TITLE, TRACKS, type Track } from './sound-sources.ts'

/** Sources with several sound tracks: each beeps at another part of the second. */

const run = promisify(execFile)

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine()
})
afterAll(() => line.close())

const make = (name: string, ...args: string[]): Promise<string> => line.source(name, ...args)

const sourceIn = (container: 'mkv' | 'ts'): Promise<string> =>
  make(`film.${container}`, ...film(Object.values(TRACKS), H264))

/** To a millisecond, and what rounding to one adds. */
const STEP_S = 0.001_5

/** When tracks beep, counted from where the first flash was meant to be. */
const expectInStep = async (
  made: Made,
  { picture, sounds }: { picture: string; sounds: readonly (readonly [path: string, track: number])[] },
  expected: readonly (readonly number[])[],
): Promise<void> => {
  const { ffmpeg } = line.config.tools
  const { flashes } = await lookAndListen(ffmpeg, picture, sounds[0]?.[0] ?? '')
  const apart = flashes.map((at, place) => Math.abs(at - place - 0.52))
  expect(Math.max(...apart), `flashes at ${flashes.join()}`).toBeLessThan(0.02)
  expect(sounds).toHaveLength(expected.length)
  for (const [index, [path, track]] of sounds.entries()) {
    const heard = await beepsIn(ffmpeg, path, track)
    const wanted = expected[index] ?? []
    const said = `${made.plan.sounds[index]?.label} beeps at ${heard.join()}`
    expect(heard, `${said}`).toHaveLength(wanted.length)
    for (const [place, at] of wanted.entries())
      expect(Math.abs((heard[place] ?? 0) - at), `${said}`).toBeLessThan(STEP_S)
  }
}

const streamOf = (made: Made, names: readonly string[]) => {
  const list = (name: string): string => made.pathOf(`stream/${name}/index.m3u8`)
  return { picture: list('64p'), sounds: names.map((name) => [list(name), 0] as const) }
}
const fileOf = (made: Made, count: number) => {
  const path = made.pathOf('main.mkv')
  return { picture: path, sounds: Array.from({ length: count }, (_, track) => [path, track] as const) }
}
const text = (made: Made, name: string): Promise<string> => readFile(made.pathOf(`stream/${name}`), 'utf8')

describe('a stream', () => {
  it('has every sound track of a film, by its name and language, each in step with the picture', async () => {
    const made = await line.deliver(await sourceIn('mkv'), 'stream')
    const names = ['audio', 'audio-fra', 'audio-ger', 'audio-4', 'audio-eng']
    await expectInStep(made, streamOf(made, names), Object.values(BEEPS))

    const master = await text(made, 'master.m3u8')
    const media = [
      ...master.matchAll(/^#EXT-X-MEDIA:TYPE=AUDIO,URI="([^"]+)\/index.m3u8",GROUP-ID="audio",(.*),CHANNELS="(\d)"$/gm),
    ]
    expect(media.map(([, name, words, channels]) => `${name} ${words} ${channels}`)).toEqual([
      'audio LANGUAGE="en",NAME="English",DEFAULT=YES,AUTOSELECT=YES 1',
      `audio-fra LANGUAGE="fr",NAME="${TITLE.replaceAll('"', "'")}",DEFAULT=NO,AUTOSELECT=YES 2`,
      'audio-ger LANGUAGE="de",NAME="German",DEFAULT=NO,AUTOSELECT=YES 1',
      'audio-4 NAME="Track 4",DEFAULT=NO,AUTOSELECT=YES 1',
      'audio-eng LANGUAGE="en",NAME="English (commentary)",DEFAULT=NO 1',
    ])
    const sets = (await text(made, 'manifest.mpd')).split('<AdaptationSet').slice(2)
    const facts = [/ lang="(\w+)"/, /role:2011" value="([\w-]+)"/, /<Label>(.*)<\/Label>/, /initialization="([^/]+)/]
    expect(sets.map((set) => facts.map((fact) => fact.exec(set)?.[1] ?? '').join(' '))).toEqual([
      'en main English audio',
      'fr alternate Version "F", 5.1 &lt;&amp;&gt; audio-fra',
      'de alternate German audio-ger',
      ' alternate Track 4 audio-4',
      'en commentary English (commentary) audio-eng',
    ])
    for (const manifest of ['master.m3u8', 'manifest.mpd']) {
      const all = [
        '-v',
        'error',
        '-i',
        made.pathOf(`stream/${manifest}`),
        '-map',
        '0',
        '-c',
        'copy',
        '-f',
        'framecrc',
        '-',
      ]
      const { stdout } = await run(line.config.tools.ffmpeg, all)
      expect(stdout.match(/^#media_type \d+: audio$/gm)).toHaveLength(5)
    }
    const types = made.products.filter(({ path }) => /audio-fra\/.*(mp4|m4s)$/.test(path))
    expect(new Set(types.map(({ contentType }) => contentType))).toEqual(new Set(['audio/mp4']))
  })

  it('of a broadcast has them in step, too, also where one begins later', async () => {
    const made = await line.deliver(await sourceIn('ts'), 'stream')
    expect(made.plan.clockStreams).toHaveLength(6)
    const [first] = made.plan.sounds
    // Transport streams know no default: the first track is the one to play, and none is a commentary.
    expect([first?.label, made.plan.sounds.map(({ name }) => name)]).toEqual([
      'French',
      ['audio', 'audio-eng', 'audio-ger', 'audio-eng-2', 'audio-5'],
    ])
    const { french, english, late, talk, unnamed } = BEEPS
    await expectInStep(
      made,
      streamOf(
        made,
        made.plan.sounds.map(({ name }) => name),
      ),
      [french, english, late, talk, unnamed],
    )
  })

  it('of a part has that part of each, and leaves out what is silent in it', async () => {
    const made = await line.deliver(await sourceIn('mkv'), 'stream', { startMs: 2_000, endMs: 3_500 })
    const names = ['audio', 'audio-fra', 'audio-ger', 'audio-4']
    await expectInStep(made, streamOf(made, names), [[0.5], [0.7], [0.55], [0.9]])
    expect(made.plan.reasons.at(-1)).toBe('Sound tracks left out, as there is nothing in them: 1.')
  })

  it('of sound alone offers the tracks once, and not as other qualities of one', async () => {
    const path = await make('alone.mka', ...film([TRACKS.english, TRACKS.french]))
    const made = await line.deliver(path, 'stream')
    const master = await text(made, 'master.m3u8')
    expect(master.match(/#EXT-X-STREAM-INF/g)).toHaveLength(1)
    expect(master.match(/#EXT-X-MEDIA/g)).toHaveLength(2)
  })

  it('brings each track to one loudness by itself, and encodes none twice', async () => {
    const tone = (volume: number): string[] => ['-f', 'lavfi', '-i', `aevalsrc='${volume}*sin(880*PI*t)':s=48000:d=4`]
    const inputs = [...flash(4), ...tone(0.02), ...tone(0.5), ...['0', '1', '2'].flatMap((map) => ['-map', map])]
    const path = await make('loud.mkv', ...inputs, ...H264, '-c:a', 'flac')
    const { jobId, file, plan } = await line.planSource(path, 'stream', { loudness: true })
    const first = await line.encodeSounds({ jobId, file, plan })
    const [english, french] = first.map((sound) => sound?.loudness?.gainDb ?? 0)
    expect(english).toBeGreaterThan(10)
    expect(french).toBeLessThan(-3)
    const inodes = () =>
      Promise.all(first.map(async (sound) => (await stat(await line.deps.store.read(sound?.file?.key ?? ''))).ino))
    const before = await inodes()
    expect(new Set(before).size).toBe(2)
    expect(await line.encodeSounds({ jobId, file, plan })).toEqual(first)
    expect(await inodes()).toEqual(before)
  })
})

describe('a track that nothing can make sense of', () => {
  it('is left out of a stream, and the reason says so', async () => {
    const { english, french, late } = TRACKS
    const whole = await make('whole.mkv', ...film([english, french, { ...late, codec: ['flac'] }], H264))
    const bytes = (await readFile(whole)).toString('latin1')
    const path = join(line.dataDir, 'strange.mkv')
    await writeFile(path, Buffer.from(bytes.replace('A_FLAC', 'A_XLAC'), 'latin1'))
    const made = await line.deliver(path, 'stream')
    expect(made.plan.sounds.map(({ name }) => name)).toEqual(['audio', 'audio-fra'])
    expect(made.plan.reasons.at(-1)).toBe('Sound left out, as nothing here decodes it: unknown.')
  })

  it('of a broadcast does not spoil the others', async () => {
    // Announced, and never heard of again.
    const { french, late, talk } = TRACKS
    const tracks = [french, { ...late, laterS: 0 }, { ...talk, disposition: '0' }]
    const path = await make('empty.ts', ...film(tracks, [...H264, '-bsf:a:2', 'noise=drop=1']))
    const made = await line.deliver(path, 'stream')
    expect(made.plan.clockStreams).toHaveLength(3)
    expect(made.plan.reasons.at(-1)).toMatch(/left out/)
    await expectInStep(made, streamOf(made, ['audio', 'audio-ger']), [BEEPS.french, [0.3, 1.3]])
  })
})

describe('an archive', () => {
  it('has every sound track, its language, name and kind, and the default as that', async () => {
    const made = await line.deliver(await sourceIn('mkv'), 'archive')
    const { streams } = await made.probe('main.mkv')
    const said = streams.slice(1).map(({ codec_name: codec, channels, tags, disposition }) => {
      const flags = ['default', 'comment'].filter((flag) => disposition[flag] === 1)
      return [codec, channels, tags['language'] ?? '-', tags['title'] ?? '-', ...flags].join(' ')
    })
    expect(said).toEqual([
      'opus 1 eng - default',
      `opus 6 fra ${TITLE}`,
      'opus 1 ger -',
      'opus 1 - -',
      'opus 1 eng - comment',
    ])
    await expectInStep(made, fileOf(made, 5), Object.values(BEEPS))
  })

  it('copies what is Opus already, and keeps it in step with what is encoded', async () => {
    const opus = (track: Track): Track => ({ ...track, codec: ['libopus'] })
    const { english, french, late } = TRACKS
    // The picture begins beside the grid of its frames, which what is encoded is brought to.
    const path = await make('opus.mkv', ...film([opus(english), french, opus(late)], [...H264, ...BESIDE]))
    const made = await line.deliver(path, 'archive')
    expect(made.plan.sounds.map(({ mode }) => mode)).toEqual(['copy', 'encode', 'copy'])
    expect(made.plan.video.mode === 'encode' && (made.plan.video.originMs ?? 0)).toBeGreaterThan(10)
    await expectInStep(made, fileOf(made, 3), [BEEPS.english, BEEPS.french, BEEPS.late])
  })

  it('of a broadcast whose frames lie beside the grid has all in step', async () => {
    const made = await line.deliver(await sourceIn('ts'), 'archive')
    const { french, english, late, talk, unnamed } = BEEPS
    expect(made.plan.clockStreams).toHaveLength(6)
    await expectInStep(made, fileOf(made, 5), [french, english, late, talk, unnamed])
  })
})

describe('one file for browsers', () => {
  it.each(['web', 'audio'] as const)('%s has the default track alone, and says so', async (preset) => {
    const made = await line.deliver(await sourceIn('mkv'), preset, { loudness: false })
    expect(made.plan.reasons).toContain(
      '4 of 5 sound tracks are left out, as players of one file play one: stream and archive have them all.',
    )
    expect(made.probed.facts.furtherAudio).toEqual([])
    const main = preset === 'web' ? 'main.mp4' : 'main.m4a'
    expect((await made.probe(main)).streams.filter(({ codec_name: codec }) => codec === 'aac')).toHaveLength(1)
    const heard = await beepsIn(line.config.tools.ffmpeg, made.pathOf(main))
    expect(heard.map((at) => Math.round(at * 10) / 10)).toEqual(BEEPS.english)
  })
})
