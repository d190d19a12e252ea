import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { INSTANCE_FILE, OWNER_TOKEN_FILE, type Instance } from '../../contract/instance.ts'
import { findInstance } from '../../cli/find-instance.ts'
import { endLeftovers, readInstance, removeInstance, writeInstance } from '../../scripts/instance-file.ts'
import { processIdentity } from '../../scripts/process-identity.ts'
import { instanceFacts } from './instance-facts.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-instance-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const instanceWith = (processes: Instance['processes']): Instance => ({ ...instanceFacts(), processes })

const startSleeper = async () => {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(child.stdout, 'data')
  if (child.pid === undefined) throw new Error('it did not start')
  return { child, pid: child.pid }
}

describe('the instance file', () => {
  it('is read as it was written', () => {
    const instance = instanceWith([{ name: 'api', pid: 1, identity: 'x' }])
    writeInstance(dataDir, instance)
    expect(readInstance(dataDir)).toEqual(instance)
    removeInstance(dataDir)
    expect(readInstance(dataDir)).toBeNull()
  })

  it('counts for nothing where it is not whole', () => {
    writeFileSync(join(dataDir, INSTANCE_FILE), '{"pid":1')
    expect(readInstance(dataDir)).toBeNull()
  })
})

describe('endLeftovers', () => {
  it('ends what a dead supervisor left running', async () => {
    const { child, pid } = await startSleeper()
    const exited = once(child, 'exit')
    writeInstance(dataDir, instanceWith([{ name: 'temporal', pid, identity: processIdentity(pid) ?? '' }]))
    expect(await endLeftovers(dataDir)).toEqual(['temporal'])
    await exited
    expect(processIdentity(pid)).toBeNull()
  })

  it('leaves a process alone that has only taken over the id', async () => {
    const { child, pid } = await startSleeper()
    try {
      writeInstance(dataDir, instanceWith([{ name: 'temporal', pid, identity: 'of one that started earlier' }]))
      expect(await endLeftovers(dataDir)).toEqual([])
      expect(processIdentity(pid)).not.toBeNull()
    } finally {
      child.kill('SIGKILL')
    }
  })
})

describe('findInstance', () => {
  const writeToken = () => {
    mkdirSync(join(dataDir, 'keys'))
    writeFileSync(join(dataDir, OWNER_TOKEN_FILE), 'secret\n')
  }

  it('finds the one that runs, with the token of its owner', () => {
    writeInstance(dataDir, instanceWith([]))
    writeToken()
    expect(findInstance(dataDir)).toMatchObject({ url: 'http://127.0.0.1:8080', token: 'secret' })
  })

  it('finds none without a file or without a token', () => {
    expect(findInstance(dataDir)).toBeNull()
    writeInstance(dataDir, instanceWith([]))
    expect(findInstance(dataDir)).toBeNull()
  })

  it('finds none whose supervisor is dead', async () => {
    const { child, pid } = await startSleeper()
    child.kill('SIGKILL')
    await once(child, 'exit')
    writeInstance(dataDir, { ...instanceWith([]), pid })
    writeToken()
    expect(findInstance(dataDir)).toBeNull()
  })
})
