/** The beginning of a text, of a size of at most `max`, cut between characters as people see them: an emoji is whole or gone. */
export const cutText = (text: string, max: number, sizeOf: (text: string) => number): string => {
  if (sizeOf(text) <= max) return text
  let kept = ''
  let size = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    size += sizeOf(segment)
    if (size > max) break
    kept += segment
  }
  return kept
}
