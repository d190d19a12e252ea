import { lstat, opendir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { INCOMING_DIR, MANIFEST_FILE } from '../../storage/library.ts'

/** Of the library: what was moved out of the way. */
export const LIBRARY_QUARANTINE = '.quarantine'
const NOT_MEDIA: ReadonlySet<string> = new Set([INCOMING_DIR, LIBRARY_QUARANTINE])

/** Paths of all files under the library, with forward slashes. What comes and goes meanwhile may be among them or not. */
export async function* walkLibrary(libraryDir: string, folder = ''): AsyncGenerator<string> {
  const entries = await opendir(join(libraryDir, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (entries === null) return
  for await (const entry of entries) {
    if (folder === '' && NOT_MEDIA.has(entry.name)) continue
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) yield* walkLibrary(libraryDir, path)
    else yield path
  }
}

/** Size of a plain file in bytes; null where there is none. */
export const fileSize = async (path: string): Promise<number | null> => {
  try {
    const stats = await lstat(path)
    return stats.isFile() ? stats.size : null
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

/** The job that made what lies at a path of the library, by the manifest beside it or above it; null where none says so. */
export const createMakers = (libraryDir: string) => {
  const known = new Map<string, Promise<string | null>>()
  const makerIn = (folder: string): Promise<string | null> => {
    const found = known.get(folder) ?? readJobId(join(libraryDir, folder, MANIFEST_FILE))
    known.set(folder, found)
    return found
  }
  return async (path: string): Promise<string | null> => {
    // The main file lies beside the folder of its name.
    const beside = path.replace(/\.[^./]+$/, '')
    const besides = beside === path ? null : await makerIn(beside)
    if (besides !== null) return besides
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      const maker = await makerIn(folder)
      if (maker !== null) return maker
    }
    return null
  }
}

/** The job that a manifest names. */
export const readJobId = async (manifest: string): Promise<string | null> => {
  try {
    const { jobId } = JSON.parse(await readFile(manifest, 'utf8')) as { jobId?: unknown }
    return typeof jobId === 'string' ? jobId : null
  } catch {
    // None there, not written to its end, or somebody else's: it names nobody.
    return null
  }
}
