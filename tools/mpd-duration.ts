/** Attributes of one XML element, as far as the packager writes them: no entities, double quotes. */
const attributesOf = (tag: string): Record<string, string> =>
  Object.fromEntries([...tag.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]))

/** Where a timeline ends, in seconds (ISO/IEC 23009-1, 5.3.9.6): each `S` is `1 + r` segments of `d` ticks from `t`, or from where the last one ended. */
const timelineEnd = (template: string): number => {
  const timescale = Number(attributesOf(/^[^>]*/.exec(template)?.[0] ?? '')['timescale'] ?? 1)
  let end = 0
  for (const [tag] of template.matchAll(/<S\b[^>]*>/g)) {
    const { t, d = '0', r = '0' } = attributesOf(tag)
    end = (t === undefined ? end : Number(t)) + Number(d) * (1 + Number(r))
  }
  return end / timescale
}

/**
 * The manifest with the length of its longest stream: Shaka Packager announces that of the picture, where players of DASH then
 * end, however long the sound goes on.
 */
export const withLongestDuration = (mpd: string): string => {
  const longest = Math.max(0, ...mpd.split('<SegmentTemplate').slice(1).map(timelineEnd))
  return mpd.replace(/mediaPresentationDuration="PT([\d.]+)S"/, (announced, seconds: string) =>
    Number(seconds) >= longest ? announced : `mediaPresentationDuration="PT${Number(longest.toFixed(3))}S"`,
  )
}
