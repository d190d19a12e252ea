import { clockArgs, inputArgs, QUIET_ARGS, type SourceClock } from './ffmpeg-input.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'

/**
 * Arguments that copy one stream into a QuickTime file, whose index knows each frame. Its times are those that an encode sees: from
 * the start of the source's container, jumps of its clock taken out.
 */
export interface IndexJob {
  source: string
  streamIndex: number
  output: string
  clock: SourceClock
}

export const indexArgs = (job: IndexJob): string[] => [
  ...QUIET_ARGS,
  ...PROGRESS_ARGS,
  ...inputArgs(job.source, job.clock),
  '-map',
  `0:${job.streamIndex}`,
  '-c',
  'copy',
  '-copyinkf',
  '-map_metadata',
  '-1',
  // The first frame may be shown after the start, by a time that is kept in these ticks; milliseconds would round it.
  '-movie_timescale',
  '90000',
  '-f',
  'mov',
  job.output,
  ...clockArgs(job.clock),
]
