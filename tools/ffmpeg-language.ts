/**
 * Says the language of a stream of the output, which may be null. It is the one tag that goes along; with all of them ffmpeg
 * would, for one, make a further stream of a stated time code.
 */
export const languageArgs = (stream: string, language: string | null): string[] =>
  language === null ? [] : [`-metadata:${stream}`, `language=${language}`]
