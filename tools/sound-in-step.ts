import type { AudioEncode } from '../contract/plan.ts'
import type { Hole } from '../contract/source-facts.ts'

/**
 * Filters for sound that begins where the picture's time begins: silence is put before it and into gaps, and what overlaps is cut,
 * so that it stays in step with the picture. What the encoder itself puts in front is taken off by the container's edit list.
 */
export const inStepFilters = (audio: AudioEncode): string => {
  const { originMs, endMs, counted } = audio
  const fromS = originMs / 1_000
  const to = endMs === null ? '' : `:end=${endMs / 1_000}`
  return [
    ...(counted ? ['asetpts=N/SR/TB'] : []),
    ...(originMs === 0 && endMs === null ? [] : [`atrim=start=${fromS}${to},asetpts=PTS-${fromS}/TB`]),
    fillGaps(holesWithin(audio), audio.shapeChanges !== true),
  ].join(',')
}

/** Silence up to the first sound and between what follows. It holds a gap in memory, up to 60 MB for each minute and channel. */
const FILL = 'aresample=async=1:first_pts=0'

interface Piece {
  /** Where it begins, in whole seconds, which are whole samples at each rate. */
  startS: number
  /** Within the hole before it. */
  cutS: number
}

/**
 * Sound with long holes is cut in them and joined again: `apad` makes silence as it goes, and an hour of it takes no memory. What
 * is before the first piece is a delay.
 * @param delays false where sound is read back by a decoder in the same program: ffmpeg then waits for itself for ever, mostly.
 */
const fillGaps = (holes: readonly Seconds[], delays: boolean): string => {
  const late = holes.find(({ fromS }) => fromS <= 0)
  const first = late && delays ? wholeBefore(late) : 0
  const cuts = holes.flatMap((hole): Piece[] =>
    hole === late ? [] : [{ startS: wholeBefore(hole), cutS: (hole.fromS + hole.toS) / 2 }],
  )
  const starts = [first, ...cuts.map(({ startS }) => startS)]
  const pieces = starts.map((startS, index) => {
    const end = starts[index + 1]
    return [
      ...(startS === 0 ? [] : [`asetpts=PTS-${startS}/TB`]),
      FILL,
      ...(end === undefined ? [] : [`apad=whole_dur=${end - startS}`]),
    ].join(',')
  })
  const joined =
    pieces.length === 1
      ? pieces.join('')
      : [
          `asegment=timestamps=${cuts.map(({ cutS }) => cutS.toFixed(3)).join('|')}${pieces.map((_, at) => `[cut${at}]`).join('')}`,
          ...pieces.map((piece, at) => `[cut${at}]${piece}[filled${at}]`),
          `${pieces.map((_, at) => `[filled${at}]`).join('')}concat=n=${pieces.length}:v=0:a=1`,
        ].join(';')
  return first === 0 ? joined : `${joined},adelay=delays=${first}s:all=1`
}

interface Seconds {
  fromS: number
  toS: number
}

/** A decoder may begin a little before its first packet, so a piece begins in the silence before that. */
const wholeBefore = ({ toS }: Seconds): number => Math.floor(toS) - 1

/** Shorter ones are filled as any gap. */
const SHORTEST_S = 5

/** From where the output begins, as far as they lie in it with sound behind them. */
const holesWithin = ({ originMs, endMs, holes = [] }: AudioEncode): Seconds[] => {
  const lengthS = ((endMs ?? Infinity) - originMs) / 1_000
  return holes
    .map(({ fromMs, toMs }: Hole) => ({
      fromS: Math.max(0, fromMs - originMs) / 1_000,
      toS: (toMs - originMs) / 1_000,
    }))
    .filter(({ fromS, toS }) => toS - fromS >= SHORTEST_S && toS < lengthS)
}
