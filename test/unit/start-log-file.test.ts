import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLogFile } from '../../scripts/log-file.ts'
import { isWorthSaying, parseLogLine } from '../../scripts/log-line.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('openLogFile', () => {
  it('never keeps more than two files of about the limit', () => {
    const path = join(folder, 'logs', 'api.log')
    const log = openLogFile(path, 1_000)
    for (let line = 0; line < 200; line += 1) log.write('x'.repeat(99))
    log.close()
    expect(readdirSync(join(folder, 'logs')).toSorted()).toEqual(['api.log', 'api.log.1'])
    for (const name of ['api.log', 'api.log.1']) {
      expect(statSync(join(folder, 'logs', name)).size).toBeLessThanOrEqual(1_100)
    }
  })

  it.runIf(existsSync('/dev/full'))('has a hole where the disk is full, and goes on', () => {
    const log = openLogFile('/dev/full')
    expect(() => log.write('a line')).not.toThrow()
    log.close()
  })
})

describe('parseLogLine', () => {
  const table: [string, { level: string; message: string }, boolean][] = [
    ['{"level":"info","msg":"ready","port":8080}', { level: 'info', message: 'ready' }, false],
    ['{"level":"warn","msg":"slow","err":{"message":"late"}}', { level: 'warn', message: 'slow: late' }, true],
    ['{"level":"ERROR","msg":"no","error":"refused"}', { level: 'error', message: 'no: refused' }, true],
    ['plain words', { level: 'text', message: 'plain words' }, false],
    ['{not json', { level: 'text', message: '{not json' }, false],
  ]
  it.each(table)('reads %s', (line, expected, worth) => {
    const parsed = parseLogLine(line)
    expect(parsed).toMatchObject(expected)
    expect(isWorthSaying(parsed)).toBe(worth)
  })
})
