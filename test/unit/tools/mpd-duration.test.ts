import { describe, expect, it } from 'vitest'
import { withLongestDuration } from '../../../tools/mpd-duration.ts'

const mpd = (announced: string, ...timelines: { timescale: number; segments: string }[]): string =>
  `<MPD type="static" mediaPresentationDuration="${announced}">${timelines
    .map(
      ({ timescale, segments }) =>
        `<SegmentTemplate timescale="${timescale}" media="$Number$.m4s"><SegmentTimeline>${segments}</SegmentTimeline></SegmentTemplate>`,
    )
    .join('')}</MPD>`
const picture = { timescale: 15_360, segments: '<S t="0" d="46080"/>' }

describe('withLongestDuration', () => {
  it.each([
    ['sound that outlasts the picture', '<S t="0" d="177152" r="1"/><S t="354304" d="87720"/>', 'PT10.023S'],
    ['segments that say how often, not when', '<S d="44100" r="4"/><S d="22050"/>', 'PT5.5S'],
    ['sound that ends before', '<S t="0" d="44100"/>', 'PT3S'],
  ])('announces the end of %s', (_, segments, expected) => {
    const sound = { timescale: 44_100, segments }
    expect(withLongestDuration(mpd('PT3S', picture, sound))).toBe(mpd(expected, picture, sound))
  })
})
