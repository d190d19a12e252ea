import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import { parseSourceUrl } from '../contract/source-url.ts'
import type { DownloadInput } from '../contract/steps.ts'
import { trackLanguage } from '../tools/ffmpeg-language.ts'
import { muxArgs } from '../tools/ffmpeg-mux.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { DoubtfulFailure } from '../tools/http-failures.ts'
import { directFiles, fetchDirect } from '../tools/http-fetch.ts'
import { chosenFormats, sizeOfFormat, type YtdlpFormat, type YtdlpInfo } from '../tools/ytdlp-info.ts'
import { createProgressSum, type FormatProgress } from '../tools/ytdlp-progress.ts'
import { fetchFormats, partId, type FetchedFormat } from '../tools/ytdlp.ts'
import type { DownloadRoom } from './download-room.ts'
import { extractAndKeep, readKeptInfo } from './resolved-info.ts'
import { refuseTooLarge } from './size-limit.ts'
import { httpContext, ytdlpContext, type SourceDeps } from './source-deps.ts'
import type { StepRun } from './step.ts'
import { toolContext } from './tool-context.ts'

/** Answers a signed address gives when its time is over; young ones mean what they say. */
const ENDED_ADDRESS = new Set(['SourceForbidden', 'SourceNotFound'])
const YOUNG_MS = 60_000

/** Downloads what the site offers into one file of the scratch folder. Returns its path. */
export const fetchUrl = async (
  deps: SourceDeps,
  run: StepRun,
  input: DownloadInput & { room: DownloadRoom },
): Promise<string> => {
  const extraction = { ...input, url: parseSourceUrl(input.source.url ?? '').url }
  const kept = (await readKeptInfo(deps, input.ref, Date.now())) ?? (await extractAndKeep(deps, run, extraction))
  const { room } = input
  const limitBytes = input.options.maxSizeBytes
  try {
    return await fetchInfo(deps, run, { info: kept.info, limitBytes, room })
  } catch (error) {
    const mayHaveEnded = error instanceof SluiceError && ENDED_ADDRESS.has(error.code)
    if (!mayHaveEnded || Date.now() - kept.extractedAt < YOUNG_MS) throw error
    run.log.info({ code: error.code }, 'the addresses have ended; asking the site again')
    const { info } = await extractAndKeep(deps, run, extraction)
    return fetchInfo(deps, run, { info, limitBytes, room })
  }
}

/** yt-dlp's guess from bit rate and duration may be a quarter too high. */
const certainBytes = (size: { bytes: number; estimated: boolean } | null): number =>
  size === null ? 0 : size.estimated ? 0.75 * size.bytes : size.bytes

const fetchInfo = async (
  deps: SourceDeps,
  run: StepRun,
  { info, limitBytes, room }: { info: YtdlpInfo; limitBytes: number | undefined; room: DownloadRoom },
): Promise<string> => {
  const formats = chosenFormats(info)
  const sizes = formats.map(sizeOfFormat)
  refuseTooLarge(sum(sizes.map(certainBytes)), limitBytes)
  const addUp = createProgressSum(new Map(sizes.map((size, index) => [partId(index), size?.bytes ?? null])))
  const files = await fetchFiles(deps, run, info, (progress) => {
    const reading = addUp(progress)
    run.report(reading)
    // What is thrown here ends the download; its files go with the scratch folder.
    room.arrived(reading)
    refuseTooLarge(reading.done, limitBytes)
    if (!progress.estimated) refuseTooLarge(progress.totalBytes ?? 0, limitBytes)
  })
  const empty = files.some(({ sizeBytes }) => sizeBytes === 0)
  if (empty) throw new SluiceError('UnsupportedMedia', 'The file at this address is empty.')
  return joinFormats(deps, run, formats, files)
}

/** Files and plain segments are fetched from their origins; all else, and what an origin keeps from us, is for yt-dlp. */
const fetchFiles = async (
  deps: SourceDeps,
  run: StepRun,
  info: YtdlpInfo,
  onProgress: (progress: FormatProgress) => void,
): Promise<FetchedFormat[]> => {
  const direct = directFiles(info)
  if (direct !== null) {
    try {
      return await fetchDirect(httpContext(deps, run), run.keptDir, direct, onProgress)
    } catch (error) {
      if (!(error instanceof DoubtfulFailure)) throw error
      run.log.info({ err: error }, 'the origin does not give its file to us; trying yt-dlp')
    }
  }
  return fetchFormats(ytdlpContext(deps, run), info, onProgress)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** Picture and sound that came apart become one file, by copy. */
const joinFormats = async (
  deps: SourceDeps,
  run: StepRun,
  formats: readonly YtdlpFormat[],
  files: readonly FetchedFormat[],
): Promise<string> => {
  const [first] = files
  if (first === undefined) throw new SluiceError('ToolCrashed', 'yt-dlp ended well but left no file.')
  if (files.length === 1) return first.path
  // Matroska takes every codec; where both sides are MP4 already, it would only stand in the way of a copy.
  const extension = formats.every(({ ext }) => ext === 'mp4' || ext === 'm4a') ? 'mp4' : 'mkv'
  const output = join(run.scratchDir, `joined.${extension}`)
  const streams = files.map(({ path }, index) => {
    const language = trackLanguage(formats[index]?.language)
    return { path, streamIndex: 0, language }
  })
  await runFfmpeg(toolContext(deps, run), {
    args: muxArgs({ streams, output, extension, title: null }),
    totalMs: null,
    // The reading stays that of the bytes: joining is a copy within the disk.
    onProgress: () => {},
  })
  return output
}
