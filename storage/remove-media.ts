import { rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** As the catalog keeps it in mind. */
interface MediaRemoval {
  mediaId: string
  /** Of its files, under the library. */
  paths: string[]
}

interface RemovalDeps {
  libraryDir: string
  media: {
    /** Takes the media out of the catalog, which keeps in mind that its files are to go; null where there is none. */
    remove(id: string): Promise<MediaRemoval | null>
    removalsLeft(): Promise<MediaRemoval[]>
    /** Its files are gone, and its name is free. */
    markRemoved(mediaId: string): Promise<void>
  }
}

/** Deletes a media with its files. Who dies in between leaves it to {@link finishRemovals}. @returns whether there was one. */
export const removeMedia = async (deps: RemovalDeps, id: string): Promise<boolean> => {
  const removal = await deps.media.remove(id)
  if (removal) await finish(deps, removal)
  return removal !== null
}

/** Deletes the files of media that were deleted when somebody died. */
export const finishRemovals = async (deps: RemovalDeps): Promise<void> => {
  for (const removal of await deps.media.removalsLeft()) await finish(deps, removal)
}

const finish = async ({ libraryDir, media }: RemovalDeps, { mediaId, paths }: MediaRemoval): Promise<void> => {
  await removeFiles(libraryDir, paths)
  await media.markRemoved(mediaId)
}

/** Removes files, and the folders that are empty then, up to the library itself. */
const removeFiles = async (libraryDir: string, libraryPaths: readonly string[]): Promise<void> => {
  const paths = libraryPaths.map((path) => join(libraryDir, ...path.split('/')))
  await Promise.all(paths.map((path) => rm(path, { force: true })))
  const folders = new Set(paths.flatMap((path) => foldersAbove(libraryDir, path)))
  // Deepest first.
  for (const folder of [...folders].toSorted((a, b) => b.length - a.length)) await removeIfEmpty(folder)
}

const foldersAbove = (root: string, path: string): string[] => {
  const folder = dirname(path)
  const below = relative(root, folder)
  return below === '' || below.startsWith('..') ? [] : [folder, ...foldersAbove(root, folder)]
}

const removeIfEmpty = async (folder: string): Promise<void> => {
  try {
    await rmdir(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error
  }
}
