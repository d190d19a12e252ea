import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSourceUrl } from '../contract/source-url.ts'
import type { JobOptions, PresetName } from '../contract/presets.ts'
import type { Resolved, StepRef } from '../contract/steps.ts'
import {
  chosenFormats,
  expiryOf,
  identityOf,
  refuseLive,
  sizeOfFormat,
  stampOf,
  uploaderOf,
  webAddressOf,
  type YtdlpInfo,
} from '../tools/ytdlp-info.ts'
import { askSource } from './ask-source.ts'
import type { SourceDeps } from './source-deps.ts'
import type { StepRun } from './step.ts'

/** What the site said, as it is kept for the download: it holds cookies and signed addresses. */
export interface KeptInfo {
  info: YtdlpInfo
  run: number
  /** Epoch ms. */
  extractedAt: number
}

/** Signed addresses that do not say when they end are good for hours; half of one is safe. */
const UNKNOWN_LIFE_MS = 30 * 60_000
/** An address that ends while its download waits for a slot is of no use. */
const MARGIN_MS = 5 * 60_000

export const infoKeyOf = (jobId: string): string => `${jobId}/resolved.json`

/** The kept answer of this run; null where there is none, or where its addresses have ended or soon will. */
export const readKeptInfo = async (deps: SourceDeps, ref: StepRef, now: number): Promise<KeptInfo | null> => {
  const key = infoKeyOf(ref.jobId)
  if ((await deps.store.find(key)) === null) return null
  const kept = JSON.parse(await readFile(await deps.store.read(key), 'utf8')) as KeptInfo
  const expiry = expiryOf(chosenFormats(kept.info))
  const freshUntil = expiry === null ? kept.extractedAt + UNKNOWN_LIFE_MS : expiry - MARGIN_MS
  return kept.run === ref.run && now < freshUntil ? kept : null
}

export interface Extraction {
  ref: StepRef
  url: string
  preset: PresetName
  options: JobOptions
}

/** Asks the site, refuses what cannot be taken, and keeps the answer. @throws SluiceError with the types of source failures. */
export const extractAndKeep = async (
  deps: SourceDeps,
  run: StepRun,
  { ref, url, preset, options }: Extraction,
): Promise<KeptInfo> => {
  const info = await askSource(deps, run, { url, preset, options })
  refuseLive(info)
  chosenFormats(info)
  const kept: KeptInfo = { info, run: ref.run, extractedAt: Date.now() }
  const path = join(run.scratchDir, 'resolved.json')
  await writeFile(path, JSON.stringify(kept), { mode: 0o600 })
  await deps.store.commit(path, infoKeyOf(ref.jobId))
  return kept
}

/** What the rest of the job needs to know, without secrets. */
export const resolvedOf = (ref: StepRef, url: string, info: YtdlpInfo): Resolved => {
  const source = parseSourceUrl(url)
  const sizes = chosenFormats(info).map((format) => sizeOfFormat(format)?.bytes ?? null)
  return {
    infoKey: infoKeyOf(ref.jobId),
    stamp: stampOf(info),
    ...identityOf(info, source.normalised),
    uploader: uploaderOf(info),
    site: siteOf(info, source.host),
    webpageUrl: webAddressOf(info.webpage_url) ?? url,
    durationMs: info.duration ? Math.round(1_000 * info.duration) : null,
    sizeBytes: sizes.reduce<number | null>((sum, size) => (sum === null || size === null ? null : sum + size), 0),
  }
}

/** `youtube.com`, also for a short address that leads there. */
export const siteOf = (info: YtdlpInfo, host: string): string => {
  const page = webAddressOf(info.webpage_url)
  return (page === null ? host : new URL(page).hostname).replace(/^www\./, '')
}
