import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MediaPlan } from '../../contract/plan.ts'
import { createGridSources, type GridSource } from './grid-sources.ts'
import { createMediaLine, type MediaLine } from './media-line.ts'

let line: MediaLine
let sources: ReturnType<typeof createGridSources>
beforeAll(async () => {
  line = await createMediaLine()
  sources = createGridSources(line.config.tools.ffmpeg, line.dataDir)
})
afterAll(() => line.close())

/** `copied 360p, encoded 240p` */
const outline = ({ video }: MediaPlan): string => {
  if (video.mode === 'none') return 'none'
  if (video.mode === 'copy') return `copied ${video.rung?.name}`
  const encoded = `encoded ${video.renditions.map(({ name }) => name).join(' ')}`
  return video.copied ? `copied ${video.copied.name}, ${encoded}` : encoded
}

/** What the planner says of a source, and why. */
const decide = async (path: string, maxHeight?: number): Promise<string> => {
  const { plan } = await line.planSource(path, 'stream', { maxHeight })
  return `${outline(plan)}: ${plan.reasons[0]}`
}

describe('a source that does not fit is encoded', () => {
  it.each<[string, Omit<GridSource, 'name'>, RegExp]>([
    ['scene cuts', { x264: 'scenecut=40:min-keyint=1', filter: "negate=enable='gt(t,1)'" }, /not all on the grid/],
    ['keyframes every 1.5 s', { group: 45 }, /not all on the grid/],
    ['keyframes every 6 s', { group: 180 }, /lacks a keyframe where a segment/],
    ['open groups', { x264: 'open-gop=1' }, /depend on others across/],
    ['columns that are refreshed in turn', { x264: 'bframes=0:intra-refresh=1' }, /depend on others across/],
    ['ten bits', { options: ['-pix_fmt', 'yuv420p10le'] }, /High 10/],
    ['frames left out', { filter: "select='not(eq(mod(n,7),3))'", options: ['-fps_mode', 'vfr'] }, /frame rate/],
    ['a millisecond clock', { options: ['-video_track_timescale', '1000'] }, /not exactly where/],
    ['too many bits', { options: ['-crf', '4'] }, /needs \d+\.\d Mbit\/s, where 360p should do with 0\.8 Mbit\/s/],
    ['colours of BT.601', { filter: 'setparams=colorspace=smpte170m', tagged: false }, /not BT\.709/],
    ['other primaries', { filter: 'setparams=colorspace=bt709:color_primaries=bt2020', tagged: false }, /not BT\.709/],
    ['120 frames a second', { rate: '120', group: 240 }, /more frames a second/],
    ['coded as interlaced', { x264: 'tff=1' }, /interlaced/],
  ])('for %s', async (name, source, reason) => {
    const path = await sources.make({ ...source, name: `${name.replaceAll(' ', '-')}.mp4` })
    const decided = await decide(path)
    expect(decided).toMatch(reason)
    expect(decided).toMatch(/^encoded 360p 240p: The picture is encoded/)
  })

  it.each<[string, string, readonly string[], RegExp]>([
    ['in Matroska', 'same.mkv', [], /container/],
    ['in MPEG-TS', 'same.ts', [], /container/],
    ['in fragments', 'fragments.mp4', ['-movflags', 'frag_keyframe+empty_moov'], /start at 0/],
    ['without the edit list', 'bare.mp4', ['-use_editlist', '0'], /start at 0/],
    ['with a frame lost', 'lost.mp4', ['-bsf:v', String.raw`noise=drop=eq(n\,100)`], /frame rate/],
    ['turned', 'turned.mp4', ['-display_rotation', '90'], /turned by/],
    ['cut between keyframes', 'cut.mp4', ['-ss', '1.3'], /edit list hides/],
  ])('that fitted, %s', async (_, name, options, reason) => {
    const whole = await sources.make({ name: 'whole.mp4' })
    expect(await decide(whole)).toMatch(/^copied 360p, encoded 240p/)
    const isInput = options[0] === '-ss' || options[0] === '-display_rotation'
    const [before, behind] = isInput ? [options, []] : [[], options]
    const path = await sources.from(name, ...before, '-i', whole, '-c', 'copy', ...behind)
    const decided = await decide(path)
    expect(decided).toMatch(reason)
    expect(decided).toMatch(/^encoded/)
  })

  it('whose picture begins after its sound', async () => {
    const whole = await sources.make({ name: 'on-time.mp4' })
    const apart = ['-itsoffset', '0.5', '-i', whole, '-i', whole, '-map', '0:v', '-map', '1:a', '-c', 'copy']
    expect(await decide(await sources.from('late.mp4', ...apart))).toMatch(/^encoded.*does not start at 0/)
  })

  it('of which less is wanted', async () => {
    const whole = await sources.make({ name: 'high.mp4' })
    expect(await decide(whole, 240)).toMatch(/^encoded 240p: The picture is encoded: it is larger than 240 lines/)
    expect(await decide(whole, 360)).toMatch(/^copied 360p/)
  })
})
