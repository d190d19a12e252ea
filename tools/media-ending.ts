/** Endings of files of media in use; others on the web are those of programs and pages that send them. */
const ENDINGS: ReadonlySet<string> = new Set(
  (
    'mp4 m4v mov qt webm mkv avi ogv ogm flv f4v wmv asf 3gp 3g2 mpg mpeg mpe m2v ts mts m2ts vob mxf dv rm ' +
    'mp3 m4a m4b aac ogg oga opus flac wav weba mka wma aif aiff au ac3 eac3 dts amr caf mp2 mpga ape tta'
  ).split(' '),
)

/** The ending in lower case where it is one of media; `bin` where it is not: what is kept is never called a program. */
export const safeEnding = (ending: string | null | undefined): string => {
  const lower = (ending ?? '').toLowerCase()
  return ENDINGS.has(lower) ? lower : 'bin'
}
