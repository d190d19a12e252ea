import { parseSourceUrl } from '../contract/source-url.ts'
import type { Info } from '../contract/media.ts'
import { plainTitle } from '../contract/plain-title.ts'
import { DEFAULT_PRESET } from '../contract/presets.ts'
import type { StepRef } from '../contract/steps.ts'
import { identityOf, sizeOfFormat, uploaderOf, webAddressOf, type YtdlpFormat } from '../tools/ytdlp-info.ts'
import { askSource } from './ask-source.ts'
import { siteOf } from './resolved-info.ts'
import type { SourceDeps } from './source-deps.ts'
import { runStep } from './step.ts'

/**
 * Title, duration and formats of what is at an address, live streams included; nothing is kept.
 * Fails with InvalidRequest, UnsupportedMedia for playlists and pages without media, and the other types of source failures.
 */
export const createInspect =
  (deps: SourceDeps) =>
  ({ ref, url }: { ref: StepRef; url: string }): Promise<Info> =>
    runStep(deps, ref, async (run) => {
      const source = parseSourceUrl(url)
      const info = await askSource(deps, run, { url: source.url, preset: DEFAULT_PRESET, options: {} })
      const { extractor, id, title } = identityOf(info, source.normalised)
      return {
        url: source.url,
        title,
        extractor,
        id,
        uploader: uploaderOf(info),
        durationMs: info.duration ? Math.round(1_000 * info.duration) : null,
        live: info.is_live === true || info.live_status === 'is_live',
        site: siteOf(info, source.host),
        thumbnailUrl: webAddressOf(info.thumbnail),
        formats: (info.formats ?? []).map(describeFormat),
        cached: false,
      }
    })

const describeFormat = (format: YtdlpFormat): Info['formats'][number] => ({
  id: format.format_id,
  ext: format.ext ?? null,
  width: whole(format.width),
  height: whole(format.height),
  frameRate: format.fps ?? null,
  videoCodec: codec(format.vcodec),
  audioCodec: codec(format.acodec),
  bitrateBps: format.tbr ? Math.round(1_000 * format.tbr) : null,
  sizeBytes: sizeOfFormat(format)?.bytes ?? null,
  note: plainTitle(format.format_note ?? '') || null,
})

const whole = (value: number | null | undefined): number | null => (value ? Math.round(value) : null)

/** yt-dlp writes "none" where a format has no such stream. */
const codec = (name: string | null | undefined): string | null => (!name || name === 'none' ? null : name)
