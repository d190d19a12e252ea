import type { Rendition, VideoEncode } from '../contract/plan.ts'
import type { VideoCodec } from '../contract/qualities.ts'

type Encoder = VideoEncode['encoder']

/** Arguments of the encoder of each codec: constant quality, capped where the rendition says so, no keyframes of its own choice. */
const ENCODERS: Readonly<Record<VideoCodec, (speed: string, rendition: Rendition) => string[]>> = {
  h264: (speed, rendition) => [
    '-c:v',
    'libx264',
    '-preset',
    speed,
    '-profile:v',
    rendition.profile,
    '-crf',
    `${rendition.crf}`,
    ...bufferArgs(rendition),
    '-sc_threshold',
    '0',
  ],
  vp9: (speed, { crf, maxrateBps }) => [
    '-c:v',
    'libvpx-vp9',
    // With a positive speed it looks at no clock, whatever its name says.
    '-deadline',
    'realtime',
    '-cpu-used',
    speed,
    // Rows of blocks side by side, as there are few tiles in small pictures.
    '-row-mt',
    '1',
    '-crf',
    `${crf}`,
    // It has no cap on peaks at constant quality: an average that the quality must not exceed instead; 0 for none.
    '-b:v',
    `${maxrateBps ?? 0}`,
  ],
  av1: (speed, rendition) => [
    '-c:v',
    'libsvtav1',
    '-preset',
    speed,
    '-crf',
    `${rendition.crf}`,
    ...bufferArgs(rendition),
  ],
}

const bufferArgs = ({ maxrateBps }: Rendition): string[] =>
  maxrateBps === null ? [] : ['-maxrate', `${maxrateBps}`, '-bufsize', `${2 * maxrateBps}`]

export const encoderArgs = ({ codec, speed }: Encoder, rendition: Rendition): string[] =>
  ENCODERS[codec](speed, rendition)
