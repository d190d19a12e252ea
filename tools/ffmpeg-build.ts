import { runTool } from './spawn.ts'

/**
 * The build of ffmpeg as one line: version and configuration. Init sections and the handling of variable frame rates differ
 * between builds, so results of one must never be joined with those of another.
 * @throws SluiceError ToolMissing, ToolCrashed.
 */
export const readFfmpegBuild = async (path: string, signal?: AbortSignal): Promise<string> => {
  const { stdout } = await runTool({ tool: 'ffmpeg', path, args: ['-hide_banner', '-version'], signal })
  return parseFfmpegBuild(stdout)
}

/** `ffmpeg version 7.1 Copyright …` and `configuration: …`, the rest left out. */
export const parseFfmpegBuild = (text: string): string => {
  const version = /^ffmpeg version (\S+)/m.exec(text)?.[1] ?? 'unknown'
  const configuration = /^configuration: (.*)$/m.exec(text)?.[1]?.trim() ?? ''
  return configuration === '' ? version : `${version} ${configuration}`
}
