import { constants } from 'node:fs'
import { chmod, copyFile, link, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** `copied`: has bytes of its own. */
export type Placed = 'linked' | 'copied' | 'missing'

/** Where names can't share bytes: another file system, or one without hard links, or one name too many. */
const NO_LINKS = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'])

/** Puts a file elsewhere: as another name of the same bytes where that is wanted and possible, else as a copy. */
export const placeFile = async (from: string, to: string, wantsLink: boolean): Promise<Placed> => {
  await mkdir(dirname(to), { recursive: true })
  try {
    if (wantsLink) {
      try {
        await link(from, to)
        return 'linked'
      } catch (error) {
        if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      }
    }
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
