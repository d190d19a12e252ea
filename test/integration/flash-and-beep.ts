import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MUCH = { maxBuffer: 1e8 }

/** A dark picture that flashes half a second after each whole one, and silence with a beep there. */
export const flash = (seconds: number, rate = '25'): string[] => [
  '-f',
  'lavfi',
  '-i',
  `color=0x303030:size=96x64:rate=${rate}:duration=${seconds},drawbox=c=white:t=fill:enable='lt(mod(t+0.5\\,1)\\,0.16)'`,
]
/** By which part of a second it is told from others. */
export const beep = (seconds: number, at = 0.5): string[] => [
  '-f',
  'lavfi',
  '-i',
  `aevalsrc='if(lt(mod(t+${(1 - at).toFixed(3)}\\,1)\\,0.1)\\,0.5*sin(2000*PI*(t-${at}))\\,0)':s=48000:d=${seconds}`,
]

export interface Seen {
  /** Pictures that are decoded, and when the first of them is shown. */
  frames: number
  firstS: number
  /** Seconds at which the picture turns white, and at which a sound begins after silence. */
  flashes: number[]
  beeps: number[]
}

/** Decodes a file, or the lists of a stream, and says when it flashes and beeps, to a frame and to a millisecond. */
export const lookAndListen = async (ffmpeg: string, video: string, audio: string): Promise<Seen> => {
  const [seen, heard] = await Promise.all([look(ffmpeg, video), listen(ffmpeg, audio)])
  return {
    frames: seen.length,
    firstS: seen[0]?.at ?? Number.NaN,
    flashes: seen.flatMap(({ at, value }, index) => (value > 128 && (seen[index - 1]?.value ?? 0) <= 128 ? [at] : [])),
    beeps: onsets(heard),
  }
}

interface Reading {
  at: number
  value: number
}

const readingsOf = async (ffmpeg: string, path: string, args: readonly string[]): Promise<Reading[]> => {
  const lists = path.endsWith('.m3u8') ? ['-allowed_extensions', 'ALL'] : []
  const { stdout } = await run(
    ffmpeg,
    ['-v', 'error', '-copyts', ...lists, '-i', path, ...args, '-f', 'null', '-'],
    MUCH,
  )
  return [...stdout.matchAll(/pts_time:(\S+)\n[^=]+=(\S+)/g)].map(([, at, value]) => {
    return { at: Number(at), value: value === '-inf' ? -Infinity : Number(value) }
  })
}

const look = (ffmpeg: string, path: string): Promise<Reading[]> => {
  const luma = 'scale=8:8:flags=area,format=gray,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-'
  return readingsOf(ffmpeg, path, ['-map', '0:v:0', '-vf', luma, '-fps_mode', 'passthrough', '-enc_time_base', 'demux'])
}

/** When a sound begins after silence in one of the tracks of a file, or in the list of a stream; to a millisecond. */
export const beepsIn = async (ffmpeg: string, path: string, track = 0): Promise<number[]> =>
  onsets(await listen(ffmpeg, path, track))

/** Peaks of each millisecond. */
const listen = (ffmpeg: string, path: string, track = 0): Promise<Reading[]> => {
  const pieces = 'aresample=48000:async=1,asetnsamples=n=48:p=0'
  const peaks = 'astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=Peak_level'
  const print = 'ametadata=print:key=lavfi.astats.Overall.Peak_level:file=-'
  return readingsOf(ffmpeg, path, ['-map', `0:a:${track}`, '-af', [pieces, peaks, print].join(',')])
}

const LOUD_DB = -20
/** A tone has none. */
const SILENCE_MS = 50

const onsets = (peaks: readonly Reading[]): number[] => {
  const found: number[] = []
  let quiet = SILENCE_MS + 1
  for (const { at, value } of peaks) {
    if (value > LOUD_DB && quiet > SILENCE_MS) found.push(at)
    quiet = value > LOUD_DB ? 0 : quiet + 1
  }
  return found
}
