import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { Problem } from './http/problem.ts'
import { shorten } from '../contract/source-url.ts'

/** A file in the import folder. */
export interface ImportFile {
  /** Path under the import folder, with forward slashes. */
  file: string
  /** Changes with the file's content. */
  version: string
}

/**
 * Finds a file by the path that a client gave, absolute or under the import folder. Links are followed, and must not lead out.
 * @throws Problem InvalidRequest.
 */
export const findImportFile = async (importDir: string, path: string): Promise<ImportFile> => {
  const missing = () => new Problem('InvalidRequest', `There is no file “${shorten(path)}” in the import folder.`)
  if (path.includes('\0')) throw missing()
  const found = await locate(importDir, path)
  if (!found) throw missing()
  const { root, real } = found
  const file = relative(root, real)
  // Whether something exists outside is nobody's business: the same words for there and not there.
  if (file === '' || file === '..' || file.startsWith(`..${sep}`) || isAbsolute(file)) throw missing()
  const { size, mtimeMs, isFile } = await describe(real)
  if (!isFile) throw new Problem('InvalidRequest', `“${shorten(path)}” is not a file.`)
  return { file: file.split(sep).join('/'), version: `${size}:${Math.round(mtimeMs)}` }
}

const locate = async (importDir: string, path: string): Promise<{ root: string; real: string } | null> => {
  try {
    const root = await realpath(importDir)
    return { root, real: await realpath(isAbsolute(path) ? path : join(root, path)) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG' || code === 'EACCES')
      return null
    throw error
  }
}

const describe = async (path: string) => {
  const stats = await stat(path)
  return { size: stats.size, mtimeMs: stats.mtimeMs, isFile: stats.isFile() }
}
