import { mkdir, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ToolPaths } from '../config.ts'
import { SluiceError } from '../contract/failures.ts'
import type { Egress } from './egress-guard.ts'
import { safeEnding } from './media-ending.ts'
import { runTool, type ToolRun } from './spawn.ts'
import { downloadArgs, resolveArgs, type YtdlpSetup } from './ytdlp-args.ts'
import { parseHttpReport, translateYtdlp, type HttpReport } from './ytdlp-errors.ts'
import { chosenFormats, parseInfo, type YtdlpInfo } from './ytdlp-info.ts'
import { parseFileLine, parseProgress, type FormatProgress } from './ytdlp-progress.ts'

/** Where and for whom yt-dlp runs. */
export interface YtdlpContext {
  paths: Pick<ToolPaths, 'ytdlp' | 'deno'>
  egress: Egress
  /** Kept between calls; holds nothing of any user. */
  cacheDir: string
  /** The attempt's private folder: yt-dlp's home, and where files appear. */
  cwd: string
  signal?: AbortSignal | undefined
  /** Milliseconds without output after which it is stopped. */
  stallMs?: number | undefined
  /** Called with each sign of progress. */
  onAlive?: (() => void) | undefined
  log?: ToolRun['log']
}

const PLUGIN_DIR = fileURLToPath(new URL('ytdlp-plugins', import.meta.url))
const LOAD_FILE = 'load.json'

/**
 * Asks yt-dlp what is at an address, and which formats it would take.
 * @throws SluiceError with the types of source failures; UnsupportedMedia for lists.
 */
export const extractInfo = async (
  context: YtdlpContext,
  ask: { url: string; format: string; sort: readonly string[] },
): Promise<YtdlpInfo> => {
  const setup = await prepare(context)
  const first = await dump(context, ask.url, resolveArgs(setup, { ...ask, onlyEntry: false }))
  if (first._type !== 'playlist') return first
  const count = first.entries?.length ?? 0
  if (count === 0) throw new SluiceError('UnsupportedMedia', 'No media were found on this page.')
  if (count > 1) {
    const message = 'This is a playlist, not one recording: submit the addresses of its entries one by one.'
    throw new SluiceError('UnsupportedMedia', message)
  }
  // Some sites give every post as a list, most of them with one entry.
  const list = await dump(context, ask.url, resolveArgs(setup, { ...ask, onlyEntry: true }))
  return parseInfo(JSON.stringify(list.entries?.[0] ?? null))
}

export interface FetchedFormat {
  /** Absolute path in the working folder. */
  path: string
  sizeBytes: number
}

/**
 * Downloads the formats that an answer of {@link extractInfo} chose, each into one file, picture before sound.
 * @throws SluiceError with the types of source failures, and SourceUnavailable where a file is not what was announced.
 */
export const fetchFormats = async (
  context: YtdlpContext,
  info: YtdlpInfo,
  onProgress: (progress: FormatProgress) => void,
): Promise<FetchedFormat[]> => {
  const setup = await prepare(context)
  // It refuses to write files whose ending it does not know.
  const formats = chosenFormats(info).map((format, index) => ({
    ...format,
    format_id: partId(index),
    ext: safeEnding(format.ext),
  }))
  const formatIds = formats.map(({ format_id }) => format_id)
  // Cookies and signed addresses are in it.
  await writeFile(join(context.cwd, LOAD_FILE), JSON.stringify(loadable(info, formats)), { mode: 0o600 })
  const paths = new Map<string, string>()
  const announced = new Map<string, number>()
  await call(context, hostOf(info.webpage_url ?? formats[0]?.url), {
    args: downloadArgs(setup, { infoFile: LOAD_FILE, formatIds }),
    onStdoutLine: (line) => {
      const progress = parseProgress(line)
      if (progress?.finished === true) announced.set(progress.formatId, progress.totalBytes ?? progress.doneBytes)
      if (progress) onProgress(progress)
      const file = parseFileLine(line)
      if (file) paths.set(file.formatId, join(context.cwd, basename(file.path)))
    },
  })
  return Promise.all(formatIds.map((id) => checkFile(paths.get(id), announced.get(id))))
}

/** Ids of our own: a site's could mean something else in a format expression (`mp4`, `best`). */
export const partId = (index: number): string => `part${index}`

/** The answer reduced to the chosen formats, without the address that yt-dlp would extract anew when a download fails. */
const loadable = (info: YtdlpInfo, formats: unknown[]): Record<string, unknown> => ({
  ...info,
  formats,
  webpage_url: undefined,
  original_url: undefined,
  requested_formats: undefined,
  requested_downloads: undefined,
})

const checkFile = async (path: string | undefined, announced: number | undefined): Promise<FetchedFormat> => {
  const stats = path === undefined ? null : await stat(path).catch(() => null)
  if (path === undefined || stats === null) {
    throw new SluiceError('ToolCrashed', 'yt-dlp ended well but left no file.', { tool: 'ytdlp', exitCode: 0 })
  }
  if (announced !== undefined && announced !== stats.size) {
    const message = `The download is not whole: ${stats.size} of ${announced} bytes came.`
    throw new SluiceError('SourceUnavailable', message, { tool: 'ytdlp', exitCode: 0 })
  }
  return { path, sizeBytes: stats.size }
}

const prepare = async (context: YtdlpContext): Promise<YtdlpSetup> => {
  await mkdir(context.cacheDir, { recursive: true })
  return { denoPath: context.paths.deno, pluginDir: PLUGIN_DIR, cacheDir: context.cacheDir }
}

const dump = async (context: YtdlpContext, url: string, args: readonly string[]): Promise<YtdlpInfo> =>
  parseInfo(await call(context, hostOf(url), { args }))

const hostOf = (url: string | null | undefined): string =>
  url && URL.canParse(url) ? new URL(url).hostname : 'the source'

/** A downloader's error comes as two lines: `ERROR:`, a carriage return, and what it is. One that it forgot to catch as a traceback. */
const isError = (line: string): boolean => /^(ERROR: *\S|\[download\] Got error:|yt_dlp\.[\w.]+: \S)/.test(line)

/** One run of yt-dlp behind the guard, its failures translated. Returns its stdout. */
const call = async (
  context: YtdlpContext,
  host: string,
  run: { args: readonly string[]; onStdoutLine?: (line: string) => void },
): Promise<string> => {
  const session = context.egress.openSession()
  const errors: string[] = []
  const http: HttpReport[] = []
  try {
    const { stdout } = await runTool({
      tool: 'ytdlp',
      path: context.paths.ytdlp,
      args: run.args,
      cwd: context.cwd,
      env: session.env,
      signal: context.signal,
      stallMs: context.stallMs,
      onAlive: context.onAlive,
      log: context.log,
      onStdoutLine: run.onStdoutLine,
      onStderrLine: (line) => {
        if (isError(line)) errors.push(line)
        const report = parseHttpReport(line)
        if (report) http.push(report)
      },
    })
    return stdout
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'ToolCrashed' || errors.length === 0) throw error
    const { details } = error
    throw translateYtdlp({
      errors,
      http,
      blockedHosts: session.blockedHosts(),
      unknownHosts: session.unknownHosts(),
      host,
      details,
    })
  } finally {
    session.close()
  }
}
