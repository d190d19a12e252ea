import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findInstance } from '../../cli/find-instance.ts'
import { lockInstance } from '../../scripts/instance-lock.ts'
import { StartError } from '../../scripts/start-error.ts'

const MODULE = fileURLToPath(new URL('../../scripts/instance-lock.ts', import.meta.url))

let dataDir: string
const children: ChildProcess[] = []
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-lock-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true })
})

const lockElsewhere = async () => {
  const script = `
    const { lockInstance } = await import(${JSON.stringify(MODULE)})
    console.log(lockInstance(${JSON.stringify(dataDir)}) ? 'locked' : 'refused')
    setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

describe('lockInstance', () => {
  it('lets one process in, and another when the first lets go', async () => {
    const lock = lockInstance(dataDir)
    expect((await lockElsewhere()).said).toBe('refused')
    lock?.release()
    const again = lockInstance(dataDir)
    expect(again).not.toBeNull()
    again?.release()
  })

  it('is gone with the process that held it, however that ended', async () => {
    const { child, said } = await lockElsewhere()
    expect(said).toBe('locked')
    expect(lockInstance(dataDir)).toBeNull()
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = lockInstance(dataDir)
    expect(lock).not.toBeNull()
    lock?.release()
  })

  const reasonFor = (directory: string): string => {
    try {
      lockInstance(directory)?.release()
      return 'none'
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      return error.message
    }
  }

  it('says in a sentence why a directory is of no use', () => {
    const file = join(dataDir, 'file')
    writeFileSync(file, '')
    const end = 'Choose another with SLUICE_DATA, or correct this one.'
    expect(reasonFor(file)).toBe(`The data directory ${file} can't be used: it is a file. ${end}`)
    const below = join(file, 'data')
    expect(reasonFor(below)).toBe(`The data directory ${below} can't be used: part of its path is a file. ${end}`)
    mkdirSync(join(dataDir, 'instance.lock'))
    expect(reasonFor(dataDir)).toContain("can't be used: its file instance.lock can't be opened")
    expect(findInstance(file)).toBeNull()
  })

  // Root may write wherever the file system can be written to; /proc never can.
  it.runIf(process.platform === 'linux')('says so of a directory that can only be read', () => {
    expect(reasonFor('/proc/self')).toMatch(/^The data directory \/proc\/self can't be used: [^\n]+$/)
  })
})
