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

const MATRIX = {
  video: { scale: 'out_color_matrix=bt709:out_range=tv', zscale: 'm=bt709:r=tv', tag: 'colorspace=bt709:range=tv' },
  still: { scale: 'out_color_matrix=bt601:out_range=pc', zscale: 'm=170m:r=pc', tag: 'colorspace=smpte170m:range=pc' },
} as const

/**
 * Scales to `size` and ends in 8-bit 4:2:0 with square pixels, tagged as what it is. High dynamic range is tone-mapped after
 * scaling, as that costs by the pixel. Tags the source lacks are set first.
 */
export const standardPicture = (colour: InputColour, size: PictureSize, target: Target = 'video'): string[] => [
  ...(colour === 'bt601' || colour === 'bt709' ? scaled(colour, size, target) : toneMapped(colour, size, target)),
  'format=yuv420p',
  'setsar=1',
  `setparams=color_primaries=bt709:color_trc=bt709:${MATRIX[target].tag}`,
]

const scaled = (colour: 'bt601' | 'bt709', { width, height }: PictureSize, target: Target): string[] => [
  `scale=${width}:${height}:in_color_matrix=${colour}:${MATRIX[target].scale}`,
]

const TRANSFERS = { hdr10: 'smpte2084', hlg: 'arib-std-b67', bt2020: 'bt2020-10' } as const

const toneMapped = (colour: 'hdr10' | 'hlg' | 'bt2020', { width, height }: PictureSize, target: Target): string[] => [
  `zscale=w=${width}:h=${height}:pin=bt2020:tin=${TRANSFERS[colour]}:min=bt2020nc:t=linear:npl=${REFERENCE_WHITE}`,
  // Tone mapping works on linear light, in floats.
  'format=gbrpf32le',
  'zscale=p=bt709',
  ...(colour === 'bt2020' ? [] : ['tonemap=tonemap=hable:desat=0']),
  `zscale=t=bt709:${MATRIX[target].zscale}`,
]

/**
 * One tile every `intervalMs`, exactly as many as planned: the last picture stands in where the video ends early.
 * `fps` takes for each tile the newest frame up to the middle of its interval.
 */
export const storyboardTiles = (colour: InputColour, tiles: StoryboardGeometry): string[] => [
  `fps=fps=1000/${tiles.intervalMs}:start_time=0`,
  ...standardPicture(colour, { width: tiles.tileWidth, height: tiles.tileHeight }, 'still'),
  'tpad=stop=-1:stop_mode=clone',
  `trim=end_frame=${tiles.tiles}`,
]
