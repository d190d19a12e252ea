import { SEGMENT_MS } from '../contract/plan.ts'
import type { SourceFacts, VideoFacts } from '../contract/source-facts.ts'
import { keyframeGrid } from '../tools/keyframe-grid.ts'

/** Each chunk is an event or four of the history, and a start of a program: a day of video has no more than these. */
const MOST_CHUNKS = 240
/** Of a variable rate, so that each chunk has frames, and only little is decoded before its first. */
const LONGEST_FRAMES = 4

export interface ChunkDecision {
  /** What chunks begin with: frames of the output, or milliseconds where these last differently long. */
  starts: number[]
  /** They are read from a copy with an index. */
  fromCopy: boolean
  reason: string
}

export interface ChunkQuestion {
  facts: SourceFacts
  video: VideoFacts
  /** Of the output; null where it varies. */
  frameRate: string | null
  /** Length to aim at: chunks of a long source last three quarters to one and a half times as long. */
  chunkMs: number
}

const inOnePiece = (why: string): ChunkDecision => ({
  starts: [0],
  fromCopy: false,
  reason: `It is encoded in one piece: ${why}`,
})

/**
 * Cuts the encode into chunks on the grid of the output's segments, where frames of each can be told exactly and its beginning
 * is found without decoding all that is before it; else leaves it in one piece.
 */
export const decideChunks = (question: ChunkQuestion): ChunkDecision => {
  const { facts, video, frameRate, chunkMs } = question
  const wanted = Math.round(video.endMs / chunkMs)
  if (wanted < 2) return inOnePiece('it is short.')
  const obstacle = whyNotCut(question)
  if (obstacle !== null) return inOnePiece(obstacle)
  // From one keyframe to the next everything is decoded for each chunk that begins between them.
  const longestMs = Math.max(1, video.keyframes.longestGapMs ?? 1)
  const shortestMs = frameRate === null ? Math.max(longestMs, LONGEST_FRAMES * video.longestFrameMs) : longestMs
  const count = Math.max(1, Math.min(wanted, Math.floor(video.endMs / shortestMs), MOST_CHUNKS))
  const starts = frameRate === null ? variableStarts(video.endMs, count) : chunkStarts(frameRate, video.endMs, count)
  if (starts.length === 1)
    return inOnePiece(`its ${shortestMs > longestMs ? 'frames last too long' : 'keyframes are too rare'} to cut it.`)
  const seconds = Math.round(video.endMs / starts.length / 1_000)
  const fromCopy = !hasIndex(facts)
  const copied = fromCopy ? ', read from a copy with an index' : ''
  return { starts, fromCopy, reason: `It is encoded in ${starts.length} chunks of about ${seconds} s${copied}.` }
}

/** Containers whose index leads to the keyframe before any time. */
const INDEXED = /^(mov,|matroska)/
/** Such whose streams can be copied into one that has an index, each frame with its time. */
const INDEXABLE = /^(mov,|mpegts|flv)/
const INDEXABLE_CODECS = new Set(['h264', 'hevc', 'mpeg1video', 'mpeg2video', 'mpeg4'])

export const hasIndex = ({ container, fragmented }: SourceFacts): boolean => INDEXED.test(container) && !fragmented

const whyNotCut = ({ facts, video }: ChunkQuestion): string | null => {
  const { container, streams } = facts
  if (video.timed === 'absurd') return 'its times jump by hours.'
  if (video.timed !== 'each') return `${container} does not say of each frame when it is shown.`
  if (!hasIndex(facts) && !INDEXABLE.test(container)) return `${container} has no index of its keyframes.`
  if (!hasIndex(facts) && !INDEXABLE_CODECS.has(video.codec)) return `${video.codec} can't be copied to be cut.`
  if (streams.filter(({ type, cover }) => type === 'video' && !cover).length > 1) return 'it has several pictures.'
  return video.keyframes.count < 2 ? 'it has one keyframe only.' : null
}

/** Where segments begin, the last before even distances; keyframes are the first frames from there on. */
const variableStarts = (endMs: number, count: number): number[] => {
  const segments = Array.from({ length: count }, (_, index) => Math.floor((index * endMs) / count / SEGMENT_MS))
  return [...new Set(segments.map((segment) => segment * SEGMENT_MS))]
}

/** The segments' first frames before even distances, so that the last chunk is none of a few frames; ascending, from 0. */
const chunkStarts = (frameRate: string, endMs: number, count: number): number[] => {
  const { framesPerGroup, frameSeconds, startsSegment } = keyframeGrid(frameRate)
  const groups = endMs / 1_000 / (framesPerGroup * frameSeconds)
  const starts = new Set([0])
  for (let index = 1; index < count; index += 1) {
    let group = Math.floor((index * groups) / count)
    while (!startsSegment(group * framesPerGroup)) group -= 1
    starts.add(group * framesPerGroup)
  }
  return [...starts]
}
