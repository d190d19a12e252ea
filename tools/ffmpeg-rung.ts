import type { CopiedRung } from '../contract/plan.ts'
import { inputArgs, QUIET_ARGS } from './ffmpeg-input.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'
import { frameRateParts } from './frame-rate.ts'
import { REORDERED_FRAMES } from './keyframe-grid.ts'

export interface RungJob {
  source: string
  streamIndex: number
  rung: CopiedRung
  output: string
}

/** The numbers of BT.709 in ITU-T H.273, limited range; written into the parameter sets, pictures stay as they are. */
const TAG_BT709 =
  'h264_metadata=colour_primaries=1:transfer_characteristics=1:matrix_coefficients=1:video_full_range_flag=0'

/** Arguments that take the picture of the source, unchanged, into an MP4 of its own for the packager. */
export const rungArgs = ({ source, streamIndex, rung, output }: RungJob): string[] => {
  const { numerator, denominator } = frameRateParts(rung.frameRate)
  // Decoded as far ahead of being shown as encoded rungs are: segments count from the first decoding time, and a player that
  // switched between rungs would shift the picture by the difference.
  const decoded = `round((N-${REORDERED_FRAMES})*${denominator}/${numerator}/TB)`
  return [
    ...QUIET_ARGS,
    ...PROGRESS_ARGS,
    ...inputArgs(source),
    '-map',
    `0:${streamIndex}`,
    '-map_metadata',
    '-1',
    '-map_chapters',
    '-1',
    '-c',
    'copy',
    '-bsf:v',
    [...(rung.untagged ? [TAG_BT709] : []), `setts=pts=PTS:dts=${decoded}`].join(','),
    '-f',
    'mp4',
    output,
  ]
}
