import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { file, inTurn, videoPage } from '../integration/origin-answers.ts'
import { startOrigin, type Origin } from '../integration/origin.ts'
import type { SourceClips } from './clips.ts'
import type { JobPlan } from './job-mix.ts'

export interface ChaosOrigin {
  /** Makes the source of a job, and says where it is. */
  offer(job: JobPlan): string
  /** Ends every connection. */
  drop(): void
  close(): Promise<void>
}

/** So that most downloads of slow files take 3 s. */
const SLOW_SHARE_PER_S = 0.33
const CUT_AFTER = 0.4

/** The web server that all sources of a run come from: quick, slow, cutting, pages and HLS. */
export const startChaosOrigin = async (clips: SourceClips): Promise<ChaosOrigin> => {
  const origin = await startOrigin()
  const segments = await readdir(clips.hls.dir)
  return {
    offer: (job) => offer(origin, clips, segments, job),
    drop: () => origin.drop(),
    close: () => origin.close(),
  }
}

const offer = (origin: Origin, clips: SourceClips, segments: readonly string[], job: JobPlan): string => {
  const { path } = clips[job.clip]
  const name = `job-${job.number}`
  const address = `/${name}${job.clip === 'sound' ? '.m4a' : '.mp4'}`
  switch (job.delivery) {
    case 'file':
      origin.on(address, file(path))
      return origin.urlOf(address)
    case 'slow':
      origin.on(address, slowly(path))
      return origin.urlOf(address)
    case 'cutting':
      // Resolving asks, too: the first two answers are cut, and the rest comes.
      origin.on(address, inTurn(cut(path), cut(path), file(path)))
      return origin.urlOf(address)
    case 'page':
      origin.on(address, slowly(path))
      origin.on(`/${name}`, videoPage(name, address))
      return origin.urlOf(`/${name}`)
    case 'hls':
      for (const segment of segments) origin.on(`/${name}/${segment}`, file(join(clips.hls.dir, segment)))
      return origin.urlOf(`/${name}/index.m3u8`)
  }
}

const sizeOf = (path: string): number => statSync(path).size
const slowly = (path: string) => file(path, { bytesPerSecond: Math.max(20_000, sizeOf(path) * SLOW_SHARE_PER_S) })
const cut = (path: string) => file(path, { cutAfterBytes: Math.floor(sizeOf(path) * CUT_AFTER) })
