import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { linkOrCopy, type LinkedOrCopied } from '../../storage/link-or-copy.ts'

export type Placed = LinkedOrCopied | 'missing'

/** Puts a file elsewhere: as another name of the same bytes where that is wanted and possible, else as a copy. */
export const placeFile = async (from: string, to: string, wantsLink: boolean): Promise<Placed> => {
  await mkdir(dirname(to), { recursive: true })
  try {
    if (wantsLink) return await linkOrCopy(from, to)
    // Shares blocks until one is written to, where the file system can.
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    return 'copied'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing'
    throw error
  }
}

/** Copies the plain files of a folder that are wanted, for nobody else's eyes. */
export const copyFolder = async (
  from: string,
  to: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<void> => {
  await mkdir(to, { recursive: true, mode: 0o700 })
  const files = (await readdir(from, { withFileTypes: true })).filter((entry) => entry.isFile() && isWanted(entry.name))
  for (const { name } of files) {
    await copyFile(join(from, name), join(to, name))
    await chmod(join(to, name), 0o600)
  }
}
