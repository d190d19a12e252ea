/** Temporal's default limit of a summary, as JSON in UTF-8 (temporal/api/sdk/v1/user_metadata.proto); a server refuses longer ones. */
const MOST_BYTES = 400
const QUOTES = 2
const CUT = '…'
const CUT_BYTES = 3

/** Bytes of one character in JSON; controls are written as six. */
const bytesOf = (character: string): number => {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20 || (code >= 0xd8_00 && code <= 0xdf_ff)) return 6
  if (code < 0x80) return character === '"' || character === '\\' ? 2 : 1
  if (code < 0x8_00) return 2
  return code < 0x1_00_00 ? 3 : 4
}

/** A text in one line, cut between characters where the Web UI could not be given all of it. No `Buffer`: workflows have none. */
export const summaryText = (text: string): string => {
  const oneLine = text.replaceAll(/\s+/g, ' ').trim()
  const room = MOST_BYTES - QUOTES
  let kept = ''
  let bytes = 0
  for (const character of oneLine) {
    bytes += bytesOf(character)
    if (bytes <= room - CUT_BYTES) kept += character
    if (bytes > room) return `${kept}${CUT}`
  }
  return oneLine
}
