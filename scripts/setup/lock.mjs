import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TOOLS_DIR } from './project.mjs'

const LOCK_FILE = join(TOOLS_DIR, 'setup.lock')
const LOOK_EVERY_MS = 300

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

const claim = () => {
  try {
    const file = openSync(LOCK_FILE, 'wx')
    writeSync(file, String(process.pid))
    closeSync(file)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}

const holder = () => {
  try {
    return Number(readFileSync(LOCK_FILE, 'utf8'))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return 0
  }
}

/** Runs one set-up at a time: `npm start` and `npm test` in two terminals would install over each other. */
export const alone = async (stream, work) => {
  mkdirSync(TOOLS_DIR, { recursive: true })
  for (let tries = 0; !claim(); tries += 1) {
    const pid = holder()
    // A process that has just made the file has not written its id yet; one that was killed left it.
    if (pid !== 0 && !isAlive(pid)) rmSync(LOCK_FILE, { force: true })
    else if (tries === 0) stream.write('Another set-up is at work; this one waits for it.\n')
    await sleep(LOOK_EVERY_MS)
  }
  try {
    return await work()
  } finally {
    rmSync(LOCK_FILE, { force: true })
  }
}
