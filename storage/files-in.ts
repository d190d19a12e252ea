import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** Paths of all files below a folder, from there on, with slashes; in no order. */
export const filesIn = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
}
