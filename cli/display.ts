import { createLogUpdate } from 'log-update'
import type { JobBoard } from './job-board.ts'
import { jobLines, nameOf } from './job-lines.ts'
import { writeLinesTo } from './terminal.ts'

const REDRAW_MS = 100

export interface Display {
  /** Something on the board has changed. */
  changed(): void
  /** A line that stays, above what moves. */
  say(line: string): void
  /** Takes away what moves. */
  end(): void
}

/** Bars that are redrawn in place on a terminal; elsewhere a line whenever a step changes its state. */
export const createDisplay = (board: JobBoard, stream: NodeJS.WriteStream): Display =>
  stream.isTTY ? createBars(board, stream) : createPlainLines(board, stream)

const createBars = (board: JobBoard, stream: NodeJS.WriteStream): Display => {
  const draw = createLogUpdate(stream)
  const write = writeLinesTo(stream)
  let dirty = true
  const redraw = () => {
    if (dirty) draw(jobLines(board, stream.columns ?? 80).join('\n'))
    dirty = false
  }
  const timer = setInterval(redraw, REDRAW_MS)
  return {
    changed: () => {
      dirty = true
    },
    say: (line) => {
      draw.clear()
      write(line)
      dirty = true
      redraw()
    },
    end: () => {
      clearInterval(timer)
      draw.clear()
      draw.done()
    },
  }
}

const createPlainLines = (board: JobBoard, stream: NodeJS.WriteStream): Display => {
  const write = writeLinesTo(stream)
  const said = new Map<string, string>()
  const sayOnce = (key: string, state: string, line: string) => {
    if (said.get(key) === state) return
    said.set(key, state)
    write(line)
  }
  return {
    changed: () => {
      for (const job of board.jobs()) {
        const name = nameOf(job)
        for (const step of job.steps) {
          if (step.state === 'pending' || step.state === 'queued') continue
          const again = step.attempt > 1 ? ` (try ${step.attempt})` : ''
          sayOnce(`${job.id} ${step.name}`, `${step.state}${again}`, `${name}: ${step.name} ${step.state}${again}`)
        }
        sayOnce(job.id, job.state, `${name}: ${job.state}`)
      }
    },
    say: write,
    end: () => undefined,
  }
}
