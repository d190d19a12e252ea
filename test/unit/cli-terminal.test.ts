import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createDisplay } from '../../cli/display.ts'
import { createJobBoard } from '../../cli/job-board.ts'
import { reportJobs } from '../../cli/report.ts'
import { writeLinesTo } from '../../cli/terminal.ts'
import type { Job } from '../../contract/jobs.ts'

const HOSTILE = '\u001b[2J\u001b]0;owned\u0007 \u009b31m film\u202egpj.exe\nforged line'
/** What a terminal acts upon, but for the ends of lines. */
const ACTIVE = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u

const job = {
  id: 'a',
  kind: 'ingest',
  state: 'failed',
  waitingFor: null,
  percent: 0,
  source: { url: 'https://example.org/', file: null, title: HOSTILE, site: 'example.org' },
  steps: [],
  error: { code: 'ToolCrashed', message: HOSTILE, step: 'download', retryable: true, help: 'Retry it.' },
  revision: 1,
} as unknown as Job

const screen = (isTTY: boolean) => {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200, rows: 50 })
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => String(stream.read() ?? '') }
}

describe('what is written for people', () => {
  it('holds nothing of a title that acts on the terminal', () => {
    const { stream, text } = screen(false)
    const board = createJobBoard(['a'])
    board.take({ type: 'snapshot', job })
    const display = createDisplay(board, stream)
    display.changed()
    display.say(HOSTILE)
    const shown = text()
    expect(shown).toContain('[2J]0;owned 31m filmgpj.exe forged line: failed\n')
    expect(shown).not.toMatch(ACTIVE)
  })

  it('draws bars with nothing of it either', async () => {
    const { stream, text } = screen(true)
    const board = createJobBoard(['a'])
    board.take({ type: 'snapshot', job: { ...job, state: 'running' } })
    const display = createDisplay(board, stream)
    display.say('above')
    display.end()
    const shown = text()
    expect(shown).toContain('filmgpj.exe forged line  (running)')
    // What is left are the sequences that redraw.
    for (const part of ['\u001b]', '\u0007', '\u009b', '\u202e']) expect(shown).not.toContain(part)
  })

  it('reports the end of a job with nothing of it', async () => {
    const { stream, text } = screen(false)
    const write = writeLinesTo(stream)
    const options = { client: {} as never, address: { url: '', token: '' }, libraryDir: null, out: write, err: write }
    expect(await reportJobs({ jobs: [job], ...options })).toBe(false)
    expect(text()).not.toMatch(ACTIVE)
  })
})
