import { rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { MediaWithFiles } from '../catalog/media.ts'

/** Deletes what the catalog lists of a media, and the folders that are empty then, up to the library itself. */
export const removeMediaFiles = async (libraryDir: string, media: Pick<MediaWithFiles, 'files'>): Promise<void> => {
  const paths = media.files.map(({ libraryPath }) => join(libraryDir, ...libraryPath.split('/')))
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
