import { spawn } from 'node:child_process'
import { ROOT } from './project.mjs'

/**
 * Runs a program to its end, without a shell and without standard input.
 * @param {{command: string, args: string[], env?: NodeJS.ProcessEnv, onLine?: (line: string) => void}} program
 * @returns {Promise<{ok: boolean, output: string}>} `output`: both streams, its last 16,000 characters.
 */
export const run = ({ command, args, env = process.env, onLine }) =>
  new Promise((done) => {
    const child = spawn(command, args, { cwd: ROOT, env: { ...env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let rest = ''
    const read = (chunk) => {
      output = (output + chunk).slice(-16_000)
      if (!onLine) return
      const lines = (rest + chunk).split(/[\r\n]+/)
      rest = lines.pop() ?? ''
      lines.forEach((line) => onLine(line))
    }
    child.stdout.setEncoding('utf8').on('data', read)
    child.stderr.setEncoding('utf8').on('data', read)
    child.on('error', (error) => done({ ok: false, output: error.message }))
    child.on('close', (code) => done({ ok: code === 0, output: output.trim() }))
  })
