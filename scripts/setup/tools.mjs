import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError, TOOLS_DIR } from './project.mjs'
import { ensureEnvironment } from './python.mjs'
import { run } from './run.mjs'

const bytesUnder = (folder) => {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    // pip moves its files while this looks at them.
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    bytes += entry.isDirectory() ? bytesUnder(path) : size
  }
  return bytes
}

/** pip lists every version there is of what it can't find. */
const complaints = (output) => {
  const lines = output.split('\n').filter((line) => line.startsWith('ERROR'))
  return (lines.length > 0 ? lines : output.split('\n').slice(-12)).map((line) => line.slice(0, 300)).join('\n')
}

const installGroup = ({ tasks, pip, pins, folder }) => {
  const megabytes = pins.reduce((sum, pin) => sum + pin.megabytes, 0)
  const requirements = join(folder, 'requirements.txt')
  const scratch = join(folder, 'scratch')
  mkdirSync(scratch, { recursive: true })
  writeFileSync(requirements, pins.map((pin) => pin.requirement).join(''))
  let most = 0
  return tasks.run({
    title: pins
      .filter(({ root }) => root !== null)
      .map(({ name, version }) => `${name} ${version}`)
      .join(', '),
    progress: () => {
      try {
        most = Math.max(most, bytesUnder(scratch) / 1e6)
      } catch {
        // A folder that went away while it was read; the next look counts again.
      }
      if (most < 1) return undefined
      return most < megabytes * 0.98 ? `${Math.round(most)} of about ${megabytes} MB` : 'unpacking'
    },
    work: async () => {
      const { ok, output } = await run({
        command: pip[0],
        // The pins name every dependency, so nothing is resolved here and nothing without a known hash gets in.
        args: [...pip.slice(1), 'install', '--no-deps', '--require-hashes', '--only-binary=:all:', '-r', requirements],
        env: { ...process.env, TMPDIR: scratch, PIP_NO_INPUT: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
      })
      if (!ok) throw new SetupError(`pip could not install the tools:\n${complaints(output)}`)
    },
  })
}

/** Two halves of about the same size: downloads and unpacking take turns at network and processor. */
const halve = (pins) => {
  const halves = [
    { megabytes: 0, pins: [] },
    { megabytes: 0, pins: [] },
  ]
  for (const pin of pins.toSorted((a, b) => b.megabytes - a.megabytes)) {
    const smaller = halves[0].megabytes <= halves[1].megabytes ? halves[0] : halves[1]
    smaller.pins.push(pin)
    smaller.megabytes += pin.megabytes
  }
  return halves.map((half) => half.pins).filter((half) => half.length > 0)
}

export const installTools = async (tasks, pins) => {
  mkdirSync(TOOLS_DIR, { recursive: true })
  const pip = await ensureEnvironment(tasks)
  const folder = mkdtempSync(join(TOOLS_DIR, 'install-'))
  try {
    const groups = halve(pins).map((half, index) =>
      installGroup({ tasks, pip, pins: half, folder: join(folder, String(index)) }),
    )
    const failed = (await Promise.allSettled(groups)).find(({ status }) => status === 'rejected')
    if (failed) throw failed.reason
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
