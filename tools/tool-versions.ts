import type { ToolPaths } from '../config.ts'
import { parseFfmpegBuild } from './ffmpeg-build.ts'
import { runTool } from './spawn.ts'

const QUESTIONS = {
  ffmpeg: { args: ['-hide_banner', '-version'], read: (text: string) => parseFfmpegBuild(text).split(' ')[0] },
  ffprobe: { args: ['-hide_banner', '-version'], read: (text: string) => /version (\S+)/.exec(text)?.[1] },
  packager: { args: ['--version'], read: (text: string) => /version (\S+)/.exec(text)?.[1] },
  ytdlp: { args: ['--ignore-config', '--version'], read: (text: string) => text.trim() },
} as const

/** Version of each program that makes media, for manifests; `missing` where it does not start. */
export const readToolVersions = async (paths: ToolPaths): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(QUESTIONS).map(async ([name, { args, read }]) => {
        const path = paths[name as keyof typeof QUESTIONS]
        const version = await runTool({ tool: name, path, args, acceptExit: () => true }).then(
          ({ stdout }) => read(stdout) ?? 'unknown',
          () => 'missing',
        )
        return [name, version] as const
      }),
    ),
  )
