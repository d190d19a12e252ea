/** They begin a new line, or move on within one: a space says as much. */
const SPACING = /[\t\n\v\f\r\u0085\u2028\u2029]+/g
/**
 * What is not seen and acts on what is: controls (C0, DEL, C1), with which a text steers the terminal that shows it;
 * embeddings, overrides and isolates of the Unicode Bidirectional Algorithm (UAX #9), which turn round what stands beside them;
 * zero-width spaces and invisible operators, with which two texts look the same. Joiners (U+200C, U+200D) and marks
 * (U+200E, U+200F) stay: emoji, Persian and Hebrew are written with them.
 */
const UNSEEN = /[\p{Cc}\u061c\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu

/** A text from outside on one line, as people may be shown it: without anything in it that does more than look. */
export const plainText = (text: string): string =>
  text
    .replaceAll(SPACING, ' ')
    .replaceAll(UNSEEN, '')
    .replaceAll(/\p{Cs}/gu, '\ufffd')
