import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseConfig } from '../../config.ts'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { carryOut } from './carry-out.ts'
import { keepJobsGoing, type ChaosJob } from './chaos-jobs.ts'
import { startChaosInstance } from './chaos-instance.ts'
import { startChaosOrigin } from './chaos-origin.ts'
import { checkMedia } from './check-media.ts'
import { makeSourceClips, type SourceClips } from './clips.ts'
import { mountSmallDisk } from './disk.ts'
import { createEncodeCount, isPicture } from './encode-count.ts'
import { createJobMix } from './job-mix.ts'
import { leftFolders, leftRows, leftWorkflows } from './leftovers.ts'
import { MEDIA_SLOTS, report, type CarriedOut, type ChaosResult } from './report.ts'
import { drawSchedule, faultName } from './schedule.ts'

export interface ChaosOptions {
  kills: number
  seed: number
  say: (line: string) => void
  /** No more faults and jobs once it aborts; what was begun is brought to its end. */
  signal: AbortSignal
  /** What the waits between faults are multiplied by; default 1. */
  pace?: number
  /** Keeps the data directory, to look at. */
  keep?: boolean
}

/** The least there is. */
const CHUNK_SECONDS = 4
/** As a multiple of what is aimed at. */
const LONGEST_CHUNK = 1.5
/** After the last fault; a heartbeat that is missed costs a minute, and on a machine that is overrun an encode does, too. */
const FINISH_WITHIN_MS = 600_000
/** What a worker began in the moment of its end is noted a moment later, when two programs have become the encoder. */
const AFTERMATH_MS = 500
/** A fault waits at most 120 s for its victim, most of them hardly at all, and takes a few seconds itself. */
const MS_PER_FAULT = 60_000

/**
 * Starts an instance, keeps jobs going, does to it what the seed says, waits for the end of all jobs and looks at what is left.
 * @returns what was lost, corrupt, left over and redone. Nothing of it stays, neither processes nor files.
 */
export const runChaos = async (options: ChaosOptions): Promise<ChaosResult> => {
  const { kills, seed, say, signal, pace = 1 } = options
  const startedAt = performance.now()
  const elapsed = (): number => performance.now() - startedAt
  const dir = await mkdtemp(join(tmpdir(), 'sluice-chaos-'))
  const cleanUps: (() => unknown)[] = options.keep
    ? [() => say(`Kept: ${dir}`)]
    : [() => rm(dir, { recursive: true, force: true })]
  try {
    const { ffmpeg, ffprobe, ytdlp } = parseConfig({}, readInstalledTools()).tools
    const count = createEncodeCount(dir, ffmpeg)
    const dataDir = await mkdtemp(join(dir, 'data-'))
    const disk = mountSmallDisk(dataDir)
    if (disk && !options.keep) cleanUps.push(() => disk.unmount())
    if (!disk) say('Nothing can be mounted here: the disk is not filled.')
    const settings = {
      SLUICE_PORT: '0',
      SLUICE_TEMPORAL_PORT: '0',
      SLUICE_TEMPORAL_UI_PORT: '0',
      SLUICE_ALLOW_ADDRESSES: '127.0.0.1',
      SLUICE_FFMPEG: count.wrapper,
      SLUICE_MEDIA_SLOTS: String(MEDIA_SLOTS),
      // The clip `long` is encoded in chunks so.
      SLUICE_CHUNK_MS: String(CHUNK_SECONDS * 1_000),
      // A program that is stopped is to be noticed in a run of minutes.
      SLUICE_STALL_MS: '20000',
      SLUICE_LOG_LEVEL: 'debug',
    }
    const config = parseConfig({ ...settings, SLUICE_DATA: dataDir }, readInstalledTools())
    const clips = await makeSourceClips(ffmpeg, join(dir, 'clips'))
    const origin = await startChaosOrigin(clips)
    cleanUps.push(() => origin.close())
    const instance = await startChaosInstance({ dataDir, settings, tools: { ffmpeg, ytdlp } })
    cleanUps.push(() => instance.stop())
    const { body: documents } = await instance.call<{ paths: object }>('GET', '/openapi.json')

    const done: CarriedOut[] = []
    let current = 0
    const jobs = keepJobsGoing({
      instance,
      origin,
      canPause: '/api/v1/jobs/{id}/pause' in documents.paths,
      next: createJobMix(seed),
      fault: () => current,
      check: (job, media) => checkMedia({ ffmpeg, ffprobe }, config.libraryDir, media, expectedOf(clips, job)),
    })
    const schedule = drawSchedule(seed, kills)
    const limitMs = schedule.length * MS_PER_FAULT
    for (const planned of schedule) {
      if (signal.aborted || jobs.broken.aborted || elapsed() > limitMs) break
      const onAct = () => {
        current = planned.number
        count.markFault(planned.number)
      }
      const met = await carryOut(
        { instance, disk, dropOrigin: () => origin.drop(), onAct },
        {
          ...planned,
          afterMs: planned.afterMs * pace,
        },
      )
      const atMs = elapsed()
      await sleep(AFTERMATH_MS)
      count.markOver(planned.number)
      done.push({ ...planned, met, atMs })
      const live = jobs.all.filter(({ ended }) => ended === null).length
      say(
        `${(atMs / 1_000).toFixed(1).padStart(7)} s  #${planned.number} ${faultName(planned.fault)}: ${met ?? 'nothing there'}  (${live} jobs live)`,
      )
    }
    say(
      `${(elapsed() / 1_000).toFixed(1).padStart(7)} s  waiting for ${jobs.all.filter(({ ended }) => !ended).length} of ${jobs.all.length} jobs`,
    )
    await jobs.finish(FINISH_WITHIN_MS)
    const leftOver = [...(await leftFolders(dataDir)), ...(await leftWorkflows(instance.temporalAddress()))]
    leftOver.push(...(await instance.stop()).map(({ pid, command }) => `process ${pid}: ${command.join(' ')}`))
    leftOver.push(...(await leftRows(config)))
    const clipSeconds = new Map(jobs.all.map((job) => [job.id, expectedOf(clips, job).seconds]))
    const { lines, result } = report({
      seed,
      done,
      jobs: jobs.all,
      encodes: count.encodes(),
      pieceSeconds: ({ jobId, piece }) => {
        const seconds = clipSeconds.get(jobId) ?? 0
        return isPicture(piece) ? Math.min(seconds, LONGEST_CHUNK * CHUNK_SECONDS) : seconds
      },
      leftOver,
      seconds: elapsed() / 1_000,
    })
    for (const line of lines) say(line)
    return result
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp()
  }
}

const expectedOf = (clips: SourceClips, { plan }: ChaosJob) => (plan.delivery === 'hls' ? clips.hls : clips[plan.clip])
