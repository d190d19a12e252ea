import type { StoryboardGeometry } from '../contract/plan.ts'

/** `storyboard-001.jpg`, counted from 1. */
export const sheetName = (index: number): string => `storyboard-${String(index).padStart(3, '0')}.jpg`

/**
 * WebVTT (W3C) whose cues name tiles by media fragments: `storyboard-001.jpg#xywh=160,0,160,90`. One cue a tile, the last one
 * ends with the recording.
 */
export const storyboardVtt = (storyboard: StoryboardGeometry, durationMs: number): string => {
  const cues = Array.from({ length: storyboard.tiles }, (_, tile) => {
    const from = tile * storyboard.intervalMs
    const to = tile === storyboard.tiles - 1 ? Math.max(durationMs, from + 1) : from + storyboard.intervalMs
    return `${timestamp(from)} --> ${timestamp(to)}\n${fragmentOf(storyboard, tile)}\n`
  })
  return ['WEBVTT\n', ...cues].join('\n')
}

const fragmentOf = ({ columns, rows, tileWidth, tileHeight }: StoryboardGeometry, tile: number): string => {
  const onSheet = tile % (columns * rows)
  const x = (onSheet % columns) * tileWidth
  const y = Math.floor(onSheet / columns) * tileHeight
  return `${sheetName(Math.floor(tile / (columns * rows)) + 1)}#xywh=${x},${y},${tileWidth},${tileHeight}`
}

const timestamp = (ms: number): string => {
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  const seconds = Math.floor(ms / 1_000)
  const clock = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map((value) => pad(value))
  return `${clock.join(':')}.${pad(Math.round(ms) % 1_000, 3)}`
}
