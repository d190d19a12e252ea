import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readInstalledTools } from '../../scripts/installed-tools.ts'

/** Seconds of media that are read in one, at most: a chunk of five seconds takes more than one, however fast the machine. */
const RATE = 4

/** The installed ffmpeg, which takes its time where it encodes H.264: so that something is seen before it is over. */
export interface SlowEncoder {
  /** For `SLUICE_FFMPEG`. */
  path: string
  remove(): Promise<void>
}

export const createSlowEncoder = async (): Promise<SlowEncoder> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-slow-'))
  const path = join(dir, 'ffmpeg')
  const { ffmpeg } = readInstalledTools()
  if (ffmpeg === undefined) throw new Error('there is no ffmpeg: run `npm run setup`')
  await writeFile(path, script(ffmpeg), { mode: 0o755 })
  return { path, remove: () => rm(dir, { recursive: true, force: true }) }
}

/** `-readrate` is an option of each input. What is made for a test, by `lavfi`, is not slowed down. */
const script = (ffmpeg: string): string => `#!/bin/bash
case " $* " in
  *" lavfi "*) exec "${ffmpeg}" "$@" ;;
  *" libx264 "*) ;;
  *) exec "${ffmpeg}" "$@" ;;
esac
args=()
for arg in "$@"; do
  if [ "$arg" = -i ]; then args+=(-readrate ${RATE}); fi
  args+=("$arg")
done
exec "${ffmpeg}" "\${args[@]}"
`
