import { availableParallelism, totalmem } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { WORKER_ROLES, type WorkerRole } from './contract/names.ts'
import { TOOL_SETTINGS } from './contract/tool-settings.ts'
import { address, allowedAddresses, count, host, hostPort, list, path, port, size, whole } from './setting-kinds.ts'

const GIB = 1024 ** 3
const cores = availableParallelism()
/** One encode of a full ladder wants about two cores and, at 4K, 2 GiB. */
const defaultMediaSlots = Math.max(1, Math.min(Math.ceil(cores / 2), Math.floor(totalmem() / (2 * GIB))))

/** Timers of Node run at once past this. */
const MAX_TIMER_MS = 2 ** 31 - 1

const environment = z.object({
  SLUICE_DATA: path.default('data').describe('The one directory that everything is written under'),
  SLUICE_LIBRARY: path.optional().describe('Where finished media go; default: library in the data directory'),
  SLUICE_IMPORT: path
    .optional()
    .describe('Folder whose files may be ingested by path; default: import in the data directory'),
  SLUICE_DATA_QUOTA: size
    .optional()
    .describe(
      'Most that the data directory may hold, as 500G or 2T; jobs that do not fit wait. Default: what the disk has',
    ),
  SLUICE_KEEP_FREE: size
    .optional()
    .describe(
      'Room on its disk that jobs leave for the databases and for others; default: a twentieth of it, from 16M to 1G',
    ),
  SLUICE_HOST: host.default('127.0.0.1').describe('Address to listen on'),
  SLUICE_PORT: port.optional().describe('Port of the API and the page; default: 8080, or the next free one'),
  SLUICE_PUBLIC_URL: address('http', 'https')
    .optional()
    .describe('Address that people reach the API under, behind a proxy'),
  SLUICE_ALLOW_ADDRESSES: allowedAddresses
    .default([])
    .describe('Private addresses that sources may be on: 10.0.0.5, 192.168.0.0/16, 127.0.0.1:8000, or * for all'),
  SLUICE_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('How much is logged'),
  TEMPORAL_ADDRESS: hostPort.optional().describe('host:port of a Temporal server to use instead of the embedded one'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default').describe('Namespace of the workflows'),
  TEMPORAL_UI_URL: address('http', 'https')
    .optional()
    .describe('Address of the Temporal Web UI, for links; default: port 8233 beside Temporal'),
  SLUICE_TEMPORAL_PORT: port
    .optional()
    .describe('Port of the embedded Temporal server; default 7233 or the next free one'),
  SLUICE_TEMPORAL_UI_PORT: port.optional().describe('Port of its Web UI; default 8233 or the next free one'),
  DATABASE_URL: z
    .string()
    .refine(
      (text) => /^(mysql|mariadb):\/\//.test(text) && URL.canParse(text),
      'must be mysql://user:password@host/database',
    )
    .optional()
    .describe('mysql://user:password@host/database instead of the embedded SQLite'),
  SLUICE_DATABASE_POOL: count.default(10).describe('Connections to MySQL'),
  SLUICE_WORKER_ROLES: list
    .default([...WORKER_ROLES])
    .pipe(z.array(z.enum(WORKER_ROLES)).min(1))
    .describe('Which task queues this worker takes'),
  SLUICE_DOWNLOAD_SLOTS: count.default(4).describe('Downloads at once'),
  SLUICE_MEDIA_SLOTS: count.default(defaultMediaSlots).describe('ffmpeg processes at once'),
  SLUICE_IMAGE_SLOTS: count.default(Math.max(2, cores)).describe('Thumbnail steps at once'),
  SLUICE_BUS_URL: address('ws', 'wss')
    .optional()
    .describe('Progress link of the API process, for workers: ws://host:port/internal/bus'),
  SLUICE_METRICS_PORT: port.default(0).describe('Port of the worker’s own /metrics; 0 for any free one'),
  SLUICE_CHUNK_MS: whole(4_000, 3_600_000)
    .default(40_000)
    .describe('About how much video is encoded in one piece: what a crash costs at most'),
  SLUICE_STALL_MS: whole(1_000, MAX_TIMER_MS).default(120_000).describe('A tool silent for so long is stopped'),
  SLUICE_FFMPEG: path.optional().describe('Path of ffmpeg, 7.1 or newer, instead of the installed one'),
  SLUICE_FFPROBE: path.optional().describe('Path of ffprobe, instead of the installed one'),
  SLUICE_PACKAGER: path.optional().describe('Path of Shaka Packager, instead of the installed one'),
  SLUICE_YTDLP: path.optional().describe('Path of yt-dlp, instead of the installed one'),
  SLUICE_TEMPORAL: path.optional().describe('Path of the Temporal CLI, instead of the installed one'),
  SLUICE_DENO: path
    .optional()
    .describe('Path of deno, which yt-dlp runs JavaScript with, instead of the installed one'),
})

export interface ToolPaths {
  ffmpeg: string
  ffprobe: string
  packager: string
  ytdlp: string
  deno: string
  temporal: string
}

export interface Config {
  dataDir: string
  libraryDir: string
  importDir: string
  disk: {
    /** Null: no limit but the disk. */
    quotaBytes: number | null
    /** Null: by the size of the disk. */
    keepFreeBytes: number | null
  }
  logLevel: string
  http: { host: string; port: number | null; publicUrl: string | null }
  temporal: {
    /** Null: the embedded server. */
    address: string | null
    namespace: string
    uiUrl: string | null
    port: number | null
    uiPort: number | null
  }
  database: { url: string | null; pool: number }
  worker: {
    roles: WorkerRole[]
    downloadSlots: number
    mediaSlots: number
    imageSlots: number
    busUrl: string | null
    metricsPort: number
    stallMs: number
    chunkMs: number
  }
  allowAddresses: string[]
  tools: ToolPaths
}

/** Thrown at boot; lists everything that is wrong with the environment at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * The environment as a typed value. `installedTools` are the paths that set-up recorded; a setting overrides each.
 * `isProgram`: whether a program can be run, asked for those that are set. Without it they are only looked for when a job needs
 * them, and a job that does not need them is none the worse.
 * @throws ConfigError naming every variable that is wrong.
 */
export const parseConfig = (
  env: NodeJS.ProcessEnv,
  installedTools: Partial<ToolPaths> = {},
  isProgram: (program: string) => boolean = () => true,
): Config => {
  const relevant = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name in environment.shape && value !== ''),
  )
  const parsed = environment.safeParse(relevant)
  const programs = Object.values(TOOL_SETTINGS satisfies Record<keyof ToolPaths, keyof typeof environment.shape>)
  const missing = programs.filter((name) => relevant[name] && !isProgram(relevant[name]))
  if (!parsed.success || missing.length > 0) {
    const wrong = (parsed.error?.issues ?? []).map(({ path, message }) => `  ${path.join('.')}: ${message}`)
    const nowhere = missing.map((name) => `  ${name}: ${relevant[name]} is no program that can be run`)
    throw new ConfigError(`These settings are not valid:\n${[...wrong, ...nowhere].join('\n')}`)
  }
  const value = parsed.data
  const dataDir = resolve(value.SLUICE_DATA)
  return {
    dataDir,
    libraryDir: resolve(value.SLUICE_LIBRARY ?? `${dataDir}/library`),
    importDir: resolve(value.SLUICE_IMPORT ?? `${dataDir}/import`),
    disk: { quotaBytes: value.SLUICE_DATA_QUOTA ?? null, keepFreeBytes: value.SLUICE_KEEP_FREE ?? null },
    logLevel: value.SLUICE_LOG_LEVEL,
    http: { host: value.SLUICE_HOST, port: value.SLUICE_PORT ?? null, publicUrl: value.SLUICE_PUBLIC_URL ?? null },
    temporal: {
      address: value.TEMPORAL_ADDRESS ?? null,
      namespace: value.TEMPORAL_NAMESPACE,
      uiUrl: value.TEMPORAL_UI_URL ?? null,
      port: value.SLUICE_TEMPORAL_PORT ?? null,
      uiPort: value.SLUICE_TEMPORAL_UI_PORT ?? null,
    },
    database: { url: value.DATABASE_URL ?? null, pool: value.SLUICE_DATABASE_POOL },
    worker: {
      roles: value.SLUICE_WORKER_ROLES,
      downloadSlots: value.SLUICE_DOWNLOAD_SLOTS,
      mediaSlots: value.SLUICE_MEDIA_SLOTS,
      imageSlots: value.SLUICE_IMAGE_SLOTS,
      busUrl: value.SLUICE_BUS_URL ?? null,
      metricsPort: value.SLUICE_METRICS_PORT,
      stallMs: value.SLUICE_STALL_MS,
      chunkMs: value.SLUICE_CHUNK_MS,
    },
    allowAddresses: value.SLUICE_ALLOW_ADDRESSES,
    tools: {
      ffmpeg: value.SLUICE_FFMPEG ?? installedTools.ffmpeg ?? 'ffmpeg',
      ffprobe: value.SLUICE_FFPROBE ?? installedTools.ffprobe ?? 'ffprobe',
      packager: value.SLUICE_PACKAGER ?? installedTools.packager ?? 'packager',
      ytdlp: value.SLUICE_YTDLP ?? installedTools.ytdlp ?? 'yt-dlp',
      deno: value.SLUICE_DENO ?? installedTools.deno ?? 'deno',
      temporal: value.SLUICE_TEMPORAL ?? installedTools.temporal ?? 'temporal',
    },
  }
}

/** Names and meanings of all settings, for `--help` and the documentation. */
export const settings: readonly { name: string; meaning: string }[] = Object.entries(environment.shape).map(
  ([name, schema]) => ({ name, meaning: schema.description ?? '' }),
)
export const settingNames: readonly string[] = settings.map(({ name }) => name)
