import type { InputColour, StoryboardGeometry } from '../contract/plan.ts'

/** One size in pixels. */
export interface PictureSize {
  width: number
  height: number
}

/** Peak luminance in nits that SDR white stands for while tone-mapping, as ITU-R BT.2408 has reference white at 203. */
const REFERENCE_WHITE = 203

/** `bwdif` gives one frame a frame, so that rates and times stay; `all`, as flags on single frames are often missing. */
export const DEINTERLACE = 'bwdif=mode=send_frame:deint=all'

/** `video`: what browsers play, BT.709 of limited range. `still`: what JPEG means by its numbers (JFIF), BT.601 of full range. */
type Target = 'video' | 'still'

/**
 * Scales to `size` and ends in 8-bit 4:2:0 with square pixels, tagged as what it is. High dynamic range is tone-mapped after
 * scaling, as that costs by the pixel. Tags the source lacks are set first.
 */
export const standardPicture = (colour: InputColour, size: PictureSize, target: Target = 'video'): string[] => {
  const mapped = isPlain(colour) ? [] : toneMapped(colour, size)
  const scale = plainScale(colour, size)
  if (target === 'still') {
    // The pixel format says full range too: ffmpeg loses the mere tag where a filter holds its only frame back to the end.
    return [...mapped, `${scale}:out_color_matrix=bt601:out_range=pc`, 'format=yuvj420p', 'setsar=1']
  }
  return [...mapped, `${scale}:out_color_matrix=bt709:out_range=tv`, 'format=yuv420p', 'setsar=1', BT709]
}

const BT709 = 'setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv'

type PlainColour = 'bt601' | 'bt709' | 'ycgco'
const isPlain = (colour: InputColour): colour is PlainColour =>
  colour === 'bt601' || colour === 'bt709' || colour === 'ycgco'

/** `scale` refuses frames of YCgCo, whatever matrix it is told. */
const plainScale = (colour: InputColour, { width, height }: PictureSize): string =>
  `${colour === 'ycgco' ? 'zscale=m=bt709,' : ''}scale=${width}:${height}:in_color_matrix=${colour === 'bt601' ? 'bt601' : 'bt709'}`

/**
 * Scales to `size` and ends in 10-bit 4:2:0 with square pixels, with the source's gamut and dynamic range, tagged as what it is:
 * wide gamut stays BT.2020 with its own transfer function, all else becomes BT.709.
 */
export const sourcePicture = (colour: InputColour, size: PictureSize): string[] => {
  const ended = ['format=yuv420p10le', 'setsar=1']
  if (isPlain(colour)) return [`${plainScale(colour, size)}:out_color_matrix=bt709:out_range=tv`, ...ended, BT709]
  const scale = `scale=${size.width}:${size.height}:in_color_matrix=bt2020:out_color_matrix=bt2020:out_range=tv`
  const tags = `setparams=color_primaries=bt2020:color_trc=${TRANSFERS[colour]}:colorspace=bt2020nc:range=tv`
  return [scale, ...ended, tags]
}

/** Scales what {@link standardPicture} ended in; it stays what it is. */
export const smallerPicture = ({ width, height }: PictureSize): string[] => [`scale=${width}:${height}`, 'setsar=1']

const TRANSFERS = { hdr10: 'smpte2084', hlg: 'arib-std-b67', bt2020: 'bt2020-10' } as const

/**
 * Möbius keeps what lies well below reference white as it is and bends what is brighter. Measured on grey: 50 nits come out at
 * 56 %, reference white at 84 %, 1,000 nits at 98 %; Hable gave 37, 62 and 91 %, a dim picture.
 */
const TONE_CURVE = 'tonemap=tonemap=mobius:desat=0'

/** Scales and ends in BT.709 of limited range. */
const toneMapped = (colour: 'hdr10' | 'hlg' | 'bt2020', { width, height }: PictureSize): string[] => [
  // Told by the frame, not by the filter: what a frame says nothing of, the filter takes for unknown where it ends, too.
  `setparams=color_primaries=bt2020:color_trc=${TRANSFERS[colour]}:colorspace=bt2020nc`,
  `zscale=w=${width}:h=${height}:t=linear:npl=${REFERENCE_WHITE}`,
  // Tone mapping works on linear light, in floats.
  'format=gbrpf32le',
  'zscale=p=bt709',
  ...(colour === 'bt2020' ? [] : [TONE_CURVE]),
  'zscale=t=bt709:m=bt709:r=tv',
  'format=yuv420p',
]

/**
 * One tile every `intervalMs`, from tile `first` on exactly `count`: the last picture stands in where the video ends early.
 * `fps` takes for each tile the newest frame up to the middle of its interval; `pass`, as it would drop an only frame that is
 * shorter than that.
 */
export const storyboardTiles = (
  colour: InputColour,
  tiles: StoryboardGeometry,
  { first, count } = { first: 0, count: tiles.tiles },
): string[] => [
  `fps=fps=1000/${tiles.intervalMs}:start_time=${(first * tiles.intervalMs) / 1_000}:eof_action=pass`,
  ...standardPicture(colour, { width: tiles.tileWidth, height: tiles.tileHeight }, 'still'),
  'tpad=stop=-1:stop_mode=clone',
  `trim=end_frame=${count}`,
]
