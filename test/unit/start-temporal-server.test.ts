import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimDatabase, temporalServerArgs, temporalVersion } from '../../scripts/temporal-server.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-temporal-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const fillDatabase = () => {
  for (const suffix of ['', '-wal', '-shm']) writeFileSync(join(folder, `temporal.db${suffix}`), `old${suffix}`)
}

describe('claimDatabase', () => {
  it('leaves a database of the same version as it is', () => {
    expect(claimDatabase(folder, '1.32.0')).toBeNull()
    fillDatabase()
    expect(claimDatabase(folder, '1.32.0')).toBeNull()
    expect(readFileSync(join(folder, 'temporal.db'), 'utf8')).toBe('old')
  })

  it('sets a database of another version aside, whole, and says so', () => {
    claimDatabase(folder, '1.31.2')
    fillDatabase()
    expect(claimDatabase(folder, '1.32.0')).toMatch(/from 1\.31\.2 to 1\.32\.0/)
    expect(existsSync(join(folder, 'temporal.db'))).toBe(false)
    const aside = readdirSync(folder).filter((name) => name.startsWith('temporal-1.31.2-'))
    expect(aside.map((name) => readFileSync(join(folder, name), 'utf8')).toSorted()).toEqual([
      'old',
      'old-shm',
      'old-wal',
    ])
    expect(claimDatabase(folder, '1.32.0')).toBeNull()
  })

  it('does not trust a database without a version', () => {
    fillDatabase()
    expect(claimDatabase(folder, '1.32.0')).toMatch(/from unknown to 1\.32\.0/)
  })
})

describe('temporalVersion', () => {
  it('says how to get a Temporal CLI where there is none', () => {
    expect(() => temporalVersion(join(folder, 'missing'))).toThrow(/npm run setup/)
  })
})

describe('temporalServerArgs', () => {
  it('listens on loopback alone, and keeps the Web UI', () => {
    const args = temporalServerArgs({ folder: '/data/temporal', port: 7300, uiPort: 8300, namespace: 'default' })
    expect(args.join(' ')).toContain('--ip 127.0.0.1 --port 7300 --ui-ip 127.0.0.1 --ui-port 8300')
    expect(args).not.toContain('--headless')
  })
})
