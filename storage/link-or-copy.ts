import { constants } from 'node:fs'
import { copyFile, link } from 'node:fs/promises'

/** `copied`: has bytes of its own. */
export type LinkedOrCopied = 'linked' | 'copied'

/** Where names can't share bytes: another file system, one without hard links, one name too many. */
const NO_LINKS: readonly unknown[] = ['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']

/** Gives the bytes of a file a second name, or where that can't be, a copy that shares blocks where it can. */
export const linkOrCopy = async (from: string, to: string): Promise<LinkedOrCopied> => {
  try {
    await link(from, to)
    return 'linked'
  } catch (error) {
    if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code)) throw error
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    return 'copied'
  }
}
