import { access, chmod, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runStep } from '../../activities/step.ts'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { makeClip } from './make-media.ts'
import { createMediaLine, type MediaLine } from './media-line.ts'
import { toolsRunningIn } from './running-tools.ts'

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine({ SLUICE_STALL_MS: '3000' })
})
afterAll(() => line.close())

/** A program that does its work and then stands still, as under a debugger or with its disk gone. */
const thatStops = async (name: 'packager' | 'ffmpeg', when: string): Promise<string> => {
  const path = join(line.dataDir, name)
  const program = readInstalledTools()[name] ?? name
  await writeFile(
    path,
    `#!/bin/sh\ncase "$*" in ${when}) touch "${path}-stands"; kill -STOP $$ ;; esac\nexec "${program}" "$@"\n`,
  )
  await chmod(path, 0o755)
  return path
}
/** It was this program, and no other that was slow. */
const stood = (name: string) => access(join(line.dataDir, `${name}-stands`))

const leftovers = async () => [
  ...(await readdir(join(line.dataDir, 'scratch'))),
  ...(await toolsRunningIn(line.dataDir)).filter((command) => !command.includes('vitest')),
]

it('ends a packager that stands still, though it never says anything', async () => {
  const clip = await makeClip(line.config.tools.ffmpeg, join(line.dataDir, 'clip.mp4'), { seconds: 1 })
  line.config.tools.packager = await thatStops('packager', '*master.m3u8*')
  await expect(line.make(clip, 'stream')).rejects.toMatchObject({ type: 'ToolStalled' })
  await stood('packager')
  expect(await leftovers()).toEqual([])
})

it('ends an ffmpeg that stands still while it finishes a file', async () => {
  const clip = await makeClip(line.config.tools.ffmpeg, join(line.dataDir, 'clip.mkv'), { seconds: 1 })
  line.config.tools.ffmpeg = await thatStops('ffmpeg', '*faststart*')
  await expect(line.make(clip, 'web')).rejects.toMatchObject({ type: 'ToolStalled' })
  await stood('ffmpeg')
  expect(await leftovers()).toEqual([])
})

it('ends a step that hangs where no program does, and one that does not end when told to', async () => {
  const hanging = () => runStep(line.deps, line.ref('job', 'publish'), () => new Promise<never>(() => {}))
  await expect(line.act(hanging, null)).rejects.toMatchObject({ type: 'ToolStalled' })
})

it('leaves a slow step alone as long as something moves', async () => {
  const slow = () =>
    runStep(line.deps, line.ref('job', 'package'), async ({ scratchDir }) => {
      for (let second = 0; second < 8; second += 1) {
        await new Promise((resolve) => setTimeout(resolve, 700))
        await writeFile(join(scratchDir, 'growing'), 'x'.repeat(second))
      }
      return 'made'
    })
  expect(await line.act(slow, null)).toBe('made')
})
