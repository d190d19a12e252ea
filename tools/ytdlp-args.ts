import { DEFAULT_AUDIO_FORMAT, type AudioFormat, type JobOptions, type Preset } from '../contract/presets.ts'

/** What one program call needs to know of the machine. */
export interface YtdlpSetup {
  /** Deno, which solves the puzzles of sites that ask a browser to. */
  denoPath: string
  /** Folder with the plugin that reports HTTP answers. */
  pluginDir: string
  /** Kept between calls: players that were taken apart once. */
  cacheDir: string
}

/** Codec that becomes the wanted file without another encode. */
const AUDIO_CODECS: Readonly<Record<AudioFormat, string>> = { m4a: 'aac', mp3: 'mp3', opus: 'opus' }

/** Terms for `-S`, the cap filled in. `res` is the shorter side, so that portrait video is capped as landscape is. */
export const formatSort = (preset: Preset, options: JobOptions): string[] => {
  const caps = [preset.maxHeight, options.maxHeight].filter((cap) => cap !== null && cap !== undefined)
  const height = caps.length === 0 ? null : Math.min(...caps)
  const audio = AUDIO_CODECS[options.audioFormat ?? DEFAULT_AUDIO_FORMAT]
  return preset.formatSort
    .filter((term) => height !== null || !term.includes('{height}'))
    .map((term) => term.replace('{height}', String(height)).replace('{audio}', audio))
}

/** Options of every call: nothing of the machine's own settings, nothing retried behind the workflow's back. */
const commonArgs = (setup: YtdlpSetup): string[] => [
  '--ignore-config',
  '--no-plugin-dirs',
  '--plugin-dirs',
  setup.pluginDir,
  '--cache-dir',
  setup.cacheDir,
  '--js-runtimes',
  setup.denoPath.startsWith('/') ? `deno:${setup.denoPath}` : 'deno',
  // It would let ffmpeg fetch addresses; streams are joined afterwards by a call of ours that reads files only.
  '--ffmpeg-location',
  './no-ffmpeg',
  // Every failure is an event of the workflow, which waits as the kind of failure asks.
  '--retries',
  '0',
  '--extractor-retries',
  '0',
  // A server silent for so long has gone; the stall watchdog is only behind this.
  '--socket-timeout',
  '20',
  '--color',
  'never',
]

/** Asks what is at an address. At most two entries of a list are read: enough to tell that it is one. */
export const resolveArgs = (
  setup: YtdlpSetup,
  ask: { url: string; format: string; sort: readonly string[]; onlyEntry: boolean },
): string[] => [
  ...commonArgs(setup),
  '--dump-single-json',
  '--no-playlist',
  ...(ask.onlyEntry ? ['--playlist-items', '1'] : ['--flat-playlist', '--playlist-items', '1:2']),
  '--format',
  ask.format,
  ...(ask.sort.length === 0 ? [] : ['--format-sort', ask.sort.join(',')]),
  '--',
  ask.url,
]

export const PROGRESS_PREFIX = 'SLUICE-PROGRESS'
export const FILE_PREFIX = 'SLUICE-FILE'

/** Fetches the named formats of an answer that `resolveArgs` got, each into a file of its own in the working folder. */
export const downloadArgs = (
  setup: YtdlpSetup,
  fetch: { infoFile: string; formatIds: readonly string[] },
): string[] => [
  ...commonArgs(setup),
  '--load-info-json',
  fetch.infoFile,
  // A comma fetches each; a plus would join them, which is done elsewhere.
  '--format',
  fetch.formatIds.join(','),
  '--output',
  '%(format_id)s.%(ext)s',
  '--no-mtime',
  '--fixup',
  'never',
  // Its own way of reading segments; ffmpeg is not there.
  '--downloader',
  'm3u8:native',
  // One of thousands of segments may fail for a moment; the whole would start over.
  '--fragment-retries',
  '3',
  '--retry-sleep',
  'fragment:exp=1:8',
  // The default leaves a hole and says that all went well.
  '--abort-on-unavailable-fragments',
  // Segments are small: one at a time waits for the network more than it reads.
  '--concurrent-fragments',
  '4',
  '--quiet',
  '--progress',
  '--newline',
  // Seconds between readings of one file.
  '--progress-delta',
  '0.1',
  '--progress-template',
  `download:${PROGRESS_PREFIX} %(info.format_id)s %(progress.{status,downloaded_bytes,total_bytes,total_bytes_estimate,speed,eta})j`,
  '--print',
  `after_move:${FILE_PREFIX} %(format_id)s %(filepath)j`,
]
