import { PRESETS, type JobOptions, type PresetName } from '../contract/presets.ts'
import { askDirect } from '../tools/http-ask.ts'
import { nameAsAsked } from '../tools/http-media.ts'
import { formatSort } from '../tools/ytdlp-args.ts'
import type { YtdlpInfo } from '../tools/ytdlp-info.ts'
import { extractInfo } from '../tools/ytdlp.ts'
import { httpContext, ytdlpContext, type SourceDeps } from './source-deps.ts'
import type { StepRun } from './step.ts'

/** Asks what is at an address: the origin where it looks like a file of media, else yt-dlp. @throws SluiceError with the types of source failures. */
export const askSource = async (
  deps: SourceDeps,
  run: StepRun,
  { url, preset, options }: { url: string; preset: PresetName; options: JobOptions },
): Promise<YtdlpInfo> => {
  const direct = await askDirect(httpContext(deps, run), url)
  if (direct !== null) return direct
  const { format } = PRESETS[preset]
  const sort = formatSort(PRESETS[preset], options)
  const info = await extractInfo(ytdlpContext(deps, run), { url, format, sort })
  return nameAsAsked(info, url)
}
