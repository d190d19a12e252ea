import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withLongestDuration } from './mpd-duration.ts'
import { DASH_MANIFEST, packagerArgs, type PackagerStream } from './packager-args.ts'
import { runMediaTool, type ToolContext } from './tool-context.ts'

/**
 * Writes segments and manifests of all streams below `output` in the context's folder, which also holds the inputs.
 * Nothing else writes manifests: ffmpeg's own announce average instead of peak bandwidth.
 * @throws SluiceError as runTool does.
 */
export const packageStreams = async (
  context: ToolContext,
  streams: readonly PackagerStream[],
  output: string,
): Promise<void> => {
  // It says nothing while it copies: that its files grow is for whoever watches the whole step.
  await runMediaTool({ ...context, stallMs: undefined }, 'packager', { args: packagerArgs(streams, output) })
  const manifest = join(context.cwd, output, DASH_MANIFEST)
  await writeFile(manifest, withLongestDuration(await readFile(manifest, 'utf8')))
}
