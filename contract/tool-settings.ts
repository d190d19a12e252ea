/** The setting that names each program that is run. scripts/setup/pins.mjs says the same for set-up, which starts before TypeScript can be read. */
export const TOOL_SETTINGS = {
  ffmpeg: 'SLUICE_FFMPEG',
  ffprobe: 'SLUICE_FFPROBE',
  packager: 'SLUICE_PACKAGER',
  ytdlp: 'SLUICE_YTDLP',
  deno: 'SLUICE_DENO',
  temporal: 'SLUICE_TEMPORAL',
} as const
