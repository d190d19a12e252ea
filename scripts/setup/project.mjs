import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')
export const TOOLS_DIR = join(ROOT, '.tools')
const STAMP_FILE = join(TOOLS_DIR, 'stamp.json')

/** A problem that the person in front of the terminal has to solve; its message says how. */
export class SetupError extends Error {
  name = 'SetupError'
}

export const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

/** What each finished part of the set-up was made from. */
export const readStamp = () => readJson(STAMP_FILE) ?? {}

/** Readers see the old or the new, never a part. */
export const writeJson = (file, value) => {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`)
  renameSync(draft, file)
}

export const writeStamp = (parts) => writeJson(STAMP_FILE, { ...readStamp(), ...parts })

const SKIPPED = new Set(['node_modules', 'dist', '__pycache__'])

const filesUnder = (path) => {
  const entries = readdirSync(path, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return []
    return entry.isDirectory() ? filesUnder(join(path, entry.name)) : [join(path, entry.name)]
  })
}

/** Hash of the names and contents of files and folders, given relative to the project. Times do not count: a checkout changes them. */
export const hashOf = (paths, ...more) => {
  const hash = createHash('sha256').update(JSON.stringify(more))
  for (const name of paths.filter((path) => existsSync(join(ROOT, path)))) {
    const files = name.endsWith('/') ? filesUnder(join(ROOT, name)) : [join(ROOT, name)]
    for (const file of files) hash.update(`\0${relative(ROOT, file)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex')
}
