import { parseArgs, type ParseArgsConfig } from 'node:util'
import { parseClockTime } from '../contract/clock-time.ts'
import { LOUDNESS_TARGET } from '../contract/loudness.ts'
import {
  AUDIO_FORMATS,
  DEFAULT_PRESET,
  HEIGHT_LIMITS,
  idleOptions,
  PRESET_NAMES,
  type JobOptions,
  type PresetName,
} from '../contract/presets.ts'
import { parseSize } from '../contract/size-text.ts'
import { CliError } from './cli-error.ts'

/** What is asked for beside the sources. */
export interface SubmitOptions {
  preset: PresetName
  force: boolean
  options: JobOptions
}

export const SUBMIT_FLAGS = {
  preset: { type: 'string' },
  'max-height': { type: 'string' },
  'max-size': { type: 'string' },
  'keep-source': { type: 'boolean' },
  'audio-format': { type: 'string' },
  loudness: { type: 'string' },
  start: { type: 'string' },
  end: { type: 'string' },
  force: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options']

export const SUBMIT_HELP = `  --preset NAME          ${PRESET_NAMES.join(', ')}; default: ${DEFAULT_PRESET}
  --max-height PIXELS    cap of the shorter displayed side; not with --preset audio
  --max-size BYTES       largest download, as in 500M or 2G
  --audio-format NAME    ${AUDIO_FORMATS.join(', ')}; with --preset audio
  --loudness on|off      bring the sound to ${LOUDNESS_TARGET.integratedLufs} LUFS; default: on for audio, off for others
  --start TIME           leave out what comes before, as in 83, 1:23 or 1:02:03.5
  --end TIME             leave out what comes from there on
  --keep-source          keep the downloaded file in the library, too
  --force                do it again even where the media are already there`

export interface SubmitFlags {
  preset?: string | undefined
  'max-height'?: string | undefined
  'max-size'?: string | undefined
  'keep-source'?: boolean | undefined
  'audio-format'?: string | undefined
  loudness?: string | undefined
  start?: string | undefined
  end?: string | undefined
  force?: boolean | undefined
}

const oneOf = <const T extends string>(names: readonly T[], flag: string, text: string): T => {
  const found = names.find((name) => name === text)
  if (found === undefined) throw new CliError(`--${flag} is one of ${names.join(', ')}, not “${text}”.`)
  return found
}

const height = (text: string): number => {
  const { min, max } = HEIGHT_LIMITS
  if (!/^\d+$/.test(text) || Number(text) < min || Number(text) > max) {
    throw new CliError(`--max-height is a whole number from ${min} to ${max}, not “${text}”.`)
  }
  return Number(text)
}

const timeInMs = (flag: string, text: string): number => {
  const ms = parseClockTime(text)
  if (ms === null) throw new CliError(`--${flag} is a time like 83, 1:23 or 1:02:03.5, not “${text}”.`)
  return ms
}

const FLAG_OF: Partial<Record<keyof JobOptions, string>> = { maxHeight: 'max-height', audioFormat: 'audio-format' }

const sizeInBytes = (text: string): number => {
  const bytes = parseSize(text)
  if (bytes === null || bytes < 1) throw new CliError(`--max-size is a size like 500M or 2G, not “${text}”.`)
  return bytes
}

/** @throws CliError naming the flag that is wrong. */
export const readSubmitFlags = (flags: SubmitFlags): SubmitOptions => {
  const options: JobOptions = {}
  if (flags['max-height'] !== undefined) options.maxHeight = height(flags['max-height'])
  if (flags['max-size'] !== undefined) options.maxSizeBytes = sizeInBytes(flags['max-size'])
  if (flags['keep-source']) options.keepSource = true
  if (flags['audio-format'] !== undefined) {
    options.audioFormat = oneOf(AUDIO_FORMATS, 'audio-format', flags['audio-format'])
  }
  if (flags.loudness !== undefined) options.loudness = oneOf(['on', 'off'], 'loudness', flags.loudness) === 'on'
  if (flags.start !== undefined) options.startMs = timeInMs('start', flags.start)
  if (flags.end !== undefined) options.endMs = timeInMs('end', flags.end)
  if (options.endMs !== undefined && options.endMs <= (options.startMs ?? 0)) {
    throw new CliError('--end has to lie after --start.')
  }
  const preset = flags.preset === undefined ? DEFAULT_PRESET : oneOf(PRESET_NAMES, 'preset', flags.preset)
  for (const { option, why } of idleOptions(preset, options)) {
    throw new CliError(`--${FLAG_OF[option] ?? option} means nothing here: ${why}.`)
  }
  return { preset, force: flags.force ?? false, options }
}

/** `parseArgs`, with its complaints as sentences. @throws CliError */
export const parseFlags = <T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) => {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new CliError(`${error instanceof Error ? error.message : String(error)}\nSee --help.`)
  }
}
