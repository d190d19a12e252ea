import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const exec = promisify(execFile)

/** Moving shapes on a slow gradient with a tone, 16:9 at 30 frames a second: the encoder neither idles nor meets noise. */
export const makeClip = async (
  ffmpeg: string,
  path: string,
  { seconds, width = 1280 }: { seconds: number; width?: number },
): Promise<string> => {
  const [height, inner] = [(width * 9) / 16, width / 2]
  const ground = `gradients=size=${width}x${height}:rate=30:duration=${seconds}:speed=0.02:seed=7`
  const moving = `testsrc2=size=${inner}x${height / 2}:rate=30:duration=${seconds}`
  const joined = `[0][1]overlay=x='${inner / 2}*(1+sin(t))':y='${height / 4}*(1+cos(t/2))',format=yuv420p[v]`
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=330:sample_rate=48000:duration=${seconds}`]
  const inputs = ['-f', 'lavfi', '-i', ground, '-f', 'lavfi', '-i', moving, ...sound]
  // Keyframes off the grid of the segments: all encode every size, and nobody copies the largest.
  const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-g', '25', '-c:a', 'aac', '-ac', '2']
  const outputs = ['-filter_complex', joined, '-map', '[v]', '-map', '2:a', ...codecs, '-movflags', '+faststart']
  await exec(ffmpeg, ['-v', 'error', '-y', ...inputs, ...outputs, path])
  return path
}
