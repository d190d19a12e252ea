import type { SourceFacts, VideoFacts } from '../contract/source-facts.ts'
import { keyframeGrid } from '../tools/keyframe-grid.ts'

/** Each chunk is an event or four of the history, and a start of a program: a day of video has no more than these. */
const MOST_CHUNKS = 240

export interface ChunkDecision {
  /** Frames of the output that chunks begin with. */
  starts: number[]
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

/**
 * Cuts the encode into chunks on the grid of the output's segments, where frames of each can be told exactly and its beginning
 * is found without decoding all that is before it; else leaves it in one piece.
 */
export const decideChunks = (question: ChunkQuestion): ChunkDecision => {
  const { video, frameRate, chunkMs } = question
  const wanted = Math.round(video.endMs / chunkMs)
  if (wanted < 2) return { starts: [0], reason: 'It is encoded in one piece: it is short.' }
  const obstacle = whyNotCut(question)
  if (obstacle !== null || frameRate === null) return { starts: [0], reason: `It is encoded in one piece: ${obstacle}` }
  // From one keyframe to the next everything is decoded for each chunk that begins between them.
  const sensible = Math.floor(video.endMs / Math.max(1, video.keyframes.longestGapMs ?? 1))
  const count = Math.max(1, Math.min(wanted, sensible, MOST_CHUNKS))
  const starts = chunkStarts(frameRate, video.endMs, count)
  if (starts.length === 1)
    return { starts, reason: 'It is encoded in one piece: its keyframes are too rare to cut it.' }
  const seconds = Math.round(video.endMs / starts.length / 1_000)
  return { starts, reason: `It is encoded in ${starts.length} chunks of about ${seconds} s.` }
}

/** Containers whose index leads to the keyframe before any time. */
const INDEXED = /^(mov,|matroska)/

const whyNotCut = ({ facts, video, frameRate }: ChunkQuestion): string | null => {
  if (frameRate === null) return 'its frames last differently long.'
  if (!INDEXED.test(facts.container)) return `${facts.container} has no index of its keyframes.`
  if (facts.fragmented) return 'its index is scattered over the file.'
  if (facts.streams.filter(({ type, cover }) => type === 'video' && !cover).length > 1)
    return 'it has several pictures.'
  return video.keyframes.count < 2 ? 'it has one keyframe only.' : null
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
