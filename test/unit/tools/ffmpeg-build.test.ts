import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBuildReader } from '../../../tools/ffmpeg-build.ts'

/** Says that it runs, and its version once it may. */
const PROGRAM = `#!/bin/sh
cd "$(dirname "$0")"
: > "started.$$"
until [ -e may-answer ]; do sleep 0.02; done
echo 'ffmpeg version 7.1 Copyright'
`

let dir: string
let program: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-build-'))
  program = join(dir, 'ffmpeg')
  await writeFile(program, PROGRAM)
  await chmod(program, 0o755)
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const startsOf = async (): Promise<number> => (await readdir(dir)).filter((name) => name.startsWith('started.')).length

describe('createBuildReader', () => {
  it('ends the reading of the one who gives up, and of nobody else', async () => {
    const buildOf = createBuildReader()
    const [leaving, staying] = [new AbortController(), new AbortController()]
    const read = Promise.allSettled([buildOf(program, leaving.signal), buildOf(program, staying.signal)])
    await expect.poll(startsOf).toBe(2)
    leaving.abort('cancelled')
    await writeFile(join(dir, 'may-answer'), '')
    expect(await read).toEqual([
      { status: 'rejected', reason: 'cancelled' },
      { status: 'fulfilled', value: '7.1' },
    ])
  })

  it('asks again only once the program is another', async () => {
    const buildOf = createBuildReader()
    const { signal } = new AbortController()
    await writeFile(join(dir, 'may-answer'), '')
    expect(await buildOf(program, signal)).toBe('7.1')
    expect(await buildOf(program, signal)).toBe('7.1')
    expect(await startsOf()).toBe(1)
    await writeFile(program, PROGRAM.replace('7.1', '10.0'))
    expect(await buildOf(program, signal)).toBe('10.0')
  })
})
