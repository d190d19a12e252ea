import { inputArgs, QUIET_ARGS } from './ffmpeg-input.ts'
import { runMediaTool, type ToolContext } from './tool-context.ts'

/** `nal_unit_type` of a slice of an IDR picture (ITU-T H.264, table 7-1). */
const IDR_SLICE = 5

/**
 * How many of an H.264 stream's keyframes are IDR pictures, which nothing after them looks behind. Neither the container's
 * index nor ffprobe's flags tell: *measured*, x264's open groups and intra refresh are sync samples in MP4, Matroska and TS alike.
 * Reads the keyframes alone, and decodes nothing.
 */
export const countIdrPictures = async (
  context: ToolContext,
  { path, streamIndex }: { path: string; streamIndex: number },
): Promise<number> => {
  let pictures = 0
  // A packet from which every unit is filtered does not come out.
  const filter = ['-c', 'copy', '-bsf:v', `filter_units=pass_types=${IDR_SLICE}`]
  await runMediaTool(context, 'ffmpeg', {
    args: [
      ...QUIET_ARGS,
      `-discard:${streamIndex}`,
      'nokey',
      ...inputArgs(path),
      '-map',
      `0:${streamIndex}`,
      ...filter,
      '-f',
      'framecrc',
      '-',
    ],
    onStdoutLine: (line) => {
      if (line !== '' && !line.startsWith('#')) pictures += 1
    },
  })
  return pictures
}
