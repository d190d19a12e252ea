import { stat } from 'node:fs/promises'
import { runTool } from './spawn.ts'

/**
 * Reads the build of an ffmpeg, and again once the file is another: a tool may be updated under a running worker. Only what
 * was read is shared: who asks while another reads starts a program of its own, so that the signal of one ends nobody else's.
 */
export const createBuildReader = (): ((path: string, signal: AbortSignal) => Promise<string>) => {
  let known: { stamp: string; build: string } | null = null
  return async (path, signal) => {
    // A name that is looked up in the usual folders has no stamp of its own.
    const file = await stat(path).catch(() => null)
    const stamp = file && `${path}\n${file.ino}\n${file.size}\n${file.mtimeMs}`
    if (stamp !== null && known?.stamp === stamp) return known.build
    const build = await readFfmpegBuild(path, signal)
    known = stamp === null ? null : { stamp, build }
    return build
  }
}

/**
 * The build of ffmpeg as one line: version and configuration. Init sections and the handling of variable frame rates differ
 * between builds, so results of one must never be joined with those of another.
 * @throws SluiceError ToolMissing, ToolCrashed; `signal.reason` when aborted.
 */
const readFfmpegBuild = async (path: string, signal: AbortSignal): Promise<string> => {
  const { stdout } = await runTool({ tool: 'ffmpeg', path, args: ['-hide_banner', '-version'], signal })
  return parseFfmpegBuild(stdout)
}

/** `ffmpeg version 7.1 Copyright …` and `configuration: …`, the rest left out. */
export const parseFfmpegBuild = (text: string): string => {
  const version = /^ffmpeg version (\S+)/m.exec(text)?.[1] ?? 'unknown'
  const configuration = /^configuration: (.*)$/m.exec(text)?.[1]?.trim() ?? ''
  return configuration === '' ? version : `${version} ${configuration}`
}
