import { describe, expect, it } from 'vitest'
import { FAILURES } from '../../contract/failures.ts'
import type { Loudness } from '../../contract/loudness.ts'
import type { PackageInput, PublishInput } from '../../contract/steps.ts'
import { fakeActivities, ingestPlan, ingestSound, jobInput, toolFailure, useWorkflows } from './harness.ts'

const runIngest = useWorkflows()

const LOUDER: Loudness = {
  integratedLufs: -20,
  thresholdLufs: -30,
  rangeLu: 3,
  truePeakDbtp: -9,
  change: 'gain',
  gainDb: 4,
  offsetDb: 0,
  copied: false,
  reason: 'It is made louder.',
}

describe('sound tracks', () => {
  const SOUNDS = [
    ingestSound(),
    ingestSound({ name: 'audio-fra', label: 'French' }),
    ingestSound({ name: 'audio-deu', label: 'German' }),
  ]

  it('encodes every sound track by itself, two at once, and hands them on in order', async () => {
    const parts: [string | null, number][] = []
    let [running, most] = [0, 0]
    let bothRun = (): void => {}
    const both = new Promise<void>((resolve) => {
      bothRun = resolve
    })
    const given: PackageInput[] = []
    const { activities } = fakeActivities({
      plan: async () => ({ ...ingestPlan(), sounds: SOUNDS }),
      transcodeAudio: async ({ ref, plan, sound }) => {
        running += 1
        most = Math.max(most, running)
        parts.push([ref.part, ref.share])
        if (running === 2) bothRun()
        await both
        running -= 1
        return { file: { key: `job/${plan.sounds[sound]?.name}`, sizeBytes: 1 }, loudness: null }
      },
      packageMedia: async (input) => {
        given.push(input)
        return { files: [] }
      },
    })
    await runIngest(jobInput(), activities)
    expect(most).toBe(2)
    expect(new Set(parts.map(([part]) => part))).toEqual(new Set(['audio', 'audio-fra', 'audio-deu']))
    expect(parts).toHaveLength(3)
    // Each is a ninth of the picture's work.
    for (const [, share] of parts) expect(share).toBeCloseTo(1 / 12, 5)
    expect(given[0]?.sounds.map((sound) => sound?.key)).toEqual(['job/audio', 'job/audio-fra', 'job/audio-deu'])
  })

  it('leaves out a further sound track that is broken, says so, and makes the rest', async () => {
    const packaged: PackageInput[] = []
    const published: PublishInput[] = []
    const { activities, calls } = fakeActivities({
      plan: async () => ({ ...ingestPlan(), sounds: SOUNDS, reasons: ['As planned.'] }),
      transcodeAudio: async ({ plan, sound }) => {
        if (sound === 1) throw toolFailure('ToolCrashed')
        return { file: { key: `job/${plan.sounds[sound]?.name}`, sizeBytes: 1 }, loudness: LOUDER }
      },
      packageMedia: async (input) => {
        packaged.push(input)
        return { files: [] }
      },
      publish: async (input) => {
        published.push(input)
        return { mediaId: input.mediaId, libraryPath: 'a/b.mp4', sizeBytes: 1 }
      },
    })
    await runIngest(jobInput(), activities)
    // Tried as often as any other, as not every crash is the track's fault.
    expect(calls.filter((call) => call === 'transcodeAudio')).toHaveLength(2 + FAILURES.ToolCrashed.tries)
    expect(packaged[0]?.plan.sounds.map(({ name }) => name)).toEqual(['audio', 'audio-deu'])
    expect(packaged[0]?.sounds.map((sound) => sound?.key)).toEqual(['job/audio', 'job/audio-deu'])
    expect(published[0]?.plan.reasons).toEqual([
      'As planned.',
      'German: It is made louder.',
      'French: The sound is left out, as it could not be encoded: ToolCrashed it is',
    ])
    expect(published[0]?.loudness).toEqual(LOUDER)
  })

  it.each([
    ['the first sound track', 0, 'ToolCrashed'],
    ['a further one, which nobody is to blame for', 1, 'StorageUnavailable'],
  ])('fails with %s', async (_, broken, code) => {
    const { activities, projections } = fakeActivities({
      plan: async () => ({ ...ingestPlan(), sounds: SOUNDS }),
      transcodeAudio: async ({ sound }) => {
        if (sound === broken) throw toolFailure(code)
        return { file: null, loudness: null }
      },
    })
    await expect(runIngest(jobInput(), activities)).rejects.toThrow('Workflow execution failed')
    expect(projections.at(-1)).toMatchObject({ state: 'failed', error: { code, step: 'transcode' } })
  })
})
