import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Seconds of media that are read in one, at most: a chunk of five seconds takes more than one, however fast the machine. */
const RATE = 4

/**
 * Writes a program that is ffmpeg, and takes its time where it encodes H.264: so that something is seen before it is over.
 * `-readrate` is an option of each input. What is made for a test, by `lavfi`, is not slowed down.
 * @returns its path, for `SLUICE_FFMPEG`.
 */
export const writeSlowEncoder = async (dir: string, ffmpeg: string): Promise<string> => {
  const path = join(dir, 'ffmpeg')
  const script = `#!/bin/bash
args=()
for arg in "$@"; do
  if [[ "$arg" == -i && " $* " == *" libx264 "* && " $* " != *" lavfi "* ]]; then args+=(-readrate ${RATE}); fi
  args+=("$arg")
done
exec '${ffmpeg}' "\${args[@]}"
`
  await writeFile(path, script, { mode: 0o755 })
  return path
}
