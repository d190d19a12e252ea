import { stat } from 'node:fs/promises'
import { runTool } from './spawn.ts'

/** Reads the build of an ffmpeg, and again once the file is another: a tool may be updated under a running worker. */
export const createBuildReader = (): ((path: string) => Promise<string>) => {
  let known: { stamp: string; build: string } | null = null
  return async (path) => {
    // A name that is looked up in the usual folders has no stamp of its own.
    const file = await stat(path).catch(() => null)
    const stamp = file && `${path}\n${file.ino}\n${file.size}\n${file.mtimeMs}`
    if (stamp !== null && known?.stamp === stamp) return known.build
    const build = await readFfmpegBuild(path)
    known = stamp === null ? null : { stamp, build }
    return build
  }
}

/**
 * The build of ffmpeg as one line: version and configuration. Init sections and the handling of variable frame rates differ
 * between builds, so results of one must never be joined with those of another.
 * @throws SluiceError ToolMissing, ToolCrashed.
 */
const readFfmpegBuild = async (path: string): Promise<string> => {
  const { stdout } = await runTool({ tool: 'ffmpeg', path, args: ['-hide_banner', '-version'] })
  return parseFfmpegBuild(stdout)
}

/** `ffmpeg version 7.1 Copyright …` and `configuration: …`, the rest left out. */
export const parseFfmpegBuild = (text: string): string => {
  const version = /^ffmpeg version (\S+)/m.exec(text)?.[1] ?? 'unknown'
  const configuration = /^configuration: (.*)$/m.exec(text)?.[1]?.trim() ?? ''
  return configuration === '' ? version : `${version} ${configuration}`
}
