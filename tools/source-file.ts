import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, constants, copyFile, realpath, stat } from 'node:fs/promises'
import { basename, extname, isAbsolute, relative, resolve, sep } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SluiceError } from '../contract/failures.ts'
import { plainTitle } from '../contract/plain-title.ts'

/** A user's own file under the import folder. */
export interface SourceFile {
  /** Absolute, links followed. */
  path: string
  /** File name without its extension, as people may be shown it; may be empty. */
  title: string
  sizeBytes: number
  modifiedMs: number
  /** Of path, size and time of change: equal while nobody touches the file. */
  stamp: string
}

/**
 * The file that a path under the import folder names.
 * @throws SluiceError InvalidRequest where the path leaves the folder, also by a link, or names no regular file;
 * SourceNotFound where nothing is there; SourceForbidden where it may not be read.
 */
export const openImport = async (importDir: string, file: string): Promise<SourceFile> => {
  const root = await realpath(importDir).catch(() => resolve(importDir))
  const asked = resolve(root, file)
  refuseOutside(root, asked, file)
  const path = await realpath(asked).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EACCES') throw new SluiceError('SourceForbidden', `The file ${file} may not be read.`)
    throw new SluiceError('SourceNotFound', `There is no file ${file} in the import folder.`)
  })
  refuseOutside(root, path, file)
  const stats = await stat(path)
  if (!stats.isFile()) throw new SluiceError('InvalidRequest', `${file} is not a regular file.`)
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw new SluiceError('SourceForbidden', `The file ${file} may not be read.`, {}, error)
  })
  const facts = `${relative(root, path)}\n${stats.size}\n${stats.mtimeMs}`
  return {
    path,
    title: plainTitle(basename(file, extname(file))),
    sizeBytes: stats.size,
    modifiedMs: stats.mtimeMs,
    stamp: createHash('sha256').update(facts).digest('hex').slice(0, 16),
  }
}

const refuseOutside = (root: string, path: string, file: string): void => {
  const inside = relative(root, path)
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new SluiceError('InvalidRequest', `${file} is not inside the import folder.`)
  }
}

interface Watch {
  signal: AbortSignal
  /** Hears how many bytes are done. */
  onBytes: (doneBytes: number) => void
}

/** Big enough that copying is bound by the disk and not by calls. */
const READ_BYTES = 4 * 1024 * 1024

const counter = ({ onBytes }: Watch): Transform => {
  let done = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length
      onBytes(done)
      next(null, chunk)
    },
  })
}

/** Clones can be made within one file system alone, and on few kinds of them. */
const NO_CLONE = new Set(['EXDEV', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY', 'EINVAL'])

/**
 * Copies the file, as a clone that shares its bytes where the file system can do that. No link: what its owner writes into the
 * file afterwards would be in the job and in the library, too.
 * @throws SluiceError SourceUnavailable where it was written to meanwhile.
 */
export const takeImport = async (source: SourceFile, target: string, watch: Watch): Promise<void> => {
  try {
    await copyFile(source.path, target, constants.COPYFILE_FICLONE_FORCE)
  } catch (error) {
    if (!NO_CLONE.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    const bytes = createReadStream(source.path, { highWaterMark: READ_BYTES })
    await pipeline(bytes, counter(watch), createWriteStream(target), { signal: watch.signal })
  }
  const [taken, now] = await Promise.all([stat(target), stat(source.path)])
  if (taken.size !== source.sizeBytes || now.size !== source.sizeBytes || now.mtimeMs !== source.modifiedMs) {
    throw new SluiceError('SourceUnavailable', 'The file changed while it was taken in; try again when it is whole.')
  }
  watch.onBytes(taken.size)
}
