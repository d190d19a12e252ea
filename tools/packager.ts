import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withSoundsOfDash, withSoundsOfHls } from './announce-sounds.ts'
import { withLongestDuration } from './mpd-duration.ts'
import { DASH_MANIFEST, HLS_MASTER, isSound, packagerArgs, type PackagerStream } from './packager-args.ts'
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
  const sounds = streams.filter(isSound)
  const change = async (name: string, changed: (text: string) => string): Promise<void> => {
    const path = join(context.cwd, output, name)
    await writeFile(path, changed(await readFile(path, 'utf8')))
  }
  await change(HLS_MASTER, (master) => withSoundsOfHls(master, sounds))
  await change(DASH_MANIFEST, (mpd) => withSoundsOfDash(withLongestDuration(mpd), sounds))
}
