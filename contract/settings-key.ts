import { DEFAULT_AUDIO_FORMAT, PRESETS, wantsLoudness, type JobOptions, type PresetName } from './presets.ts'

/** Of what changes the outcome: jobs with the same source and the same key make the same media. */
export const settingsKeyOf = (preset: PresetName, options: JobOptions): string =>
  JSON.stringify([
    preset,
    PRESETS[preset].video === 'none' ? null : (options.maxHeight ?? null),
    options.keepSource ?? false,
    PRESETS[preset].audio === 'choice' ? (options.audioFormat ?? DEFAULT_AUDIO_FORMAT) : null,
    wantsLoudness(preset, options),
    options.startMs || null,
    options.endMs ?? null,
  ])
