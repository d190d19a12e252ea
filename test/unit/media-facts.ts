import type { AudioFacts, SourceFacts, VideoFacts } from '../../contract/source-facts.ts'

/** A plain recording that the preset `web` copies; tests change what they are about. */
export const videoFacts = (changes: Partial<VideoFacts> = {}): VideoFacts => ({
  streamIndex: 0,
  codec: 'h264',
  profile: 'High',
  level: 40,
  pixelFormat: 'yuv420p',
  width: 1920,
  height: 1080,
  squarePixels: true,
  rotation: 0,
  interlaced: false,
  dynamicRange: 'sdr',
  dolbyVisionProfile: null,
  colourSpace: 'bt709',
  colourPrimaries: 'bt709',
  colourTransfer: 'bt709',
  frameRate: '25/1',
  longestFrameMs: 40,
  timed: 'each',
  frames: 1_500,
  startMs: 0,
  endMs: 60_000,
  bitrateBps: 4_000_000,
  keyframes: { count: 12, medianGapMs: 5_000, longestGapMs: 5_000 },
  grid: { fits: false, misfit: 'keyframes' },
  ...changes,
})

export const audioFacts = (changes: Partial<AudioFacts> = {}): AudioFacts => ({
  streamIndex: 1,
  codec: 'aac',
  profile: 'LC',
  channels: 2,
  sampleRateHz: 48_000,
  bitrateBps: 128_000,
  leadMs: 0,
  absurd: false,
  startMs: 0,
  endMs: 60_000,
  ...changes,
})

export const sourceFacts = (changes: Partial<SourceFacts> = {}): SourceFacts => {
  const video = changes.video === undefined ? videoFacts() : changes.video
  const audio = changes.audio === undefined ? audioFacts() : changes.audio
  return {
    identity: 'a'.repeat(64),
    container: 'mov,mp4,m4a,3gp,3g2,mj2',
    majorBrand: 'isom',
    indexFirst: true,
    fragmented: false,
    steadyClock: true,
    durationMs: 60_000,
    sizeBytes: 30_000_000,
    furtherAudio: [],
    cover: null,
    streams: [
      ...(video
        ? [{ index: video.streamIndex, type: 'video' as const, codec: video.codec, cover: false, language: null }]
        : []),
      ...(audio
        ? [{ index: audio.streamIndex, type: 'audio' as const, codec: audio.codec, cover: false, language: null }]
        : []),
    ],
    ...changes,
    video,
    audio,
  }
}
