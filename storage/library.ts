import { randomUUID } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { filesIn } from './files-in.ts'
import { linkOrCopy } from './link-or-copy.ts'

/** The manifest names the media that a folder belongs to, so that the library can be understood without its catalog. */
export const MANIFEST_FILE = 'manifest.json'
export const CHECKSUMS_FILE = 'checksums.sha256'
/** Of the library: media on their way in, a folder each, by their id. */
export const INCOMING_DIR = '.incoming'

/** A file on its way into the library. */
export interface IncomingFile {
  /** Absolute path to read from. */
  from: string
  /** Path within the media. */
  path: string
}

export interface RevealTarget {
  /** Path under the library of the folder, and of the main file less its extension. */
  base: string
  mediaId: string
  /** Path of the main file within the folder, as it was staged; null where there is none. */
  main: string | null
  mainExtension: string | null
}

/**
 * The library: `<uploader>/<title> [<id>].<ext>` with a folder of the same name, less the extension, for all that belongs to
 * it. Files become visible by renames of what is already complete.
 */
export interface Library {
  /** Whether a base name is free on disk, or already holds this very media. */
  isFree(base: string, mainExtension: string | null, mediaId: string): Promise<boolean>
  /**
   * A private folder of one attempt at a media on its way in, on the library's own file system; empty. What earlier attempts
   * had there is removed: they can't reveal it any more.
   */
  openStaging(mediaId: string, attempt: number): Promise<string>
  /** Puts a file into staging without moving the original: a hard link, or a copy across file systems. */
  stage(staging: string, file: IncomingFile, signal: AbortSignal): Promise<void>
  /**
   * Makes a staged media visible: its folder first, then its main file. What an attempt before revealed of the same media stays, unless
   * it was of other bytes or lacks something by now.
   */
  reveal(staging: string, target: RevealTarget): Promise<void>
  /** Removes what was staged or revealed of a media that is not going to be published; nothing of any other media. */
  withdraw(media: Omit<RevealTarget, 'main'>): Promise<void>
  discard(staging: string): Promise<void>
  /** Absolute path of a path under the library. */
  pathOf(libraryPath: string): string
}

export const createLibrary = (libraryDir: string): Library => {
  const pathOf = (libraryPath: string): string => join(libraryDir, ...libraryPath.split('/'))
  const incoming = join(libraryDir, INCOMING_DIR)

  /** By one rename and then piece by piece: a part of it must not be revealed. */
  const removeWhole = async (path: string): Promise<void> => {
    const gone = join(incoming, `${randomUUID()}~gone`)
    if (!(await renameIfThere(path, gone))) return
    await rm(gone, { recursive: true, force: true })
  }

  /** The folder says whose the main file is, so it goes last. */
  const removeRevealed = async ({
    base,
    mainExtension,
  }: Pick<RevealTarget, 'base' | 'mainExtension'>): Promise<void> => {
    if (mainExtension !== null) await rm(`${pathOf(base)}.${mainExtension}`, { force: true })
    await removeWhole(pathOf(base))
  }

  /** Whether what is revealed is what is staged. */
  const holdsAll = async (
    staging: string,
    { base, main, mainExtension }: Omit<RevealTarget, 'mediaId'>,
  ): Promise<boolean> => {
    const folder = pathOf(base)
    const [staged, revealed] = await Promise.all([sumsIn(staging), sumsIn(folder)])
    if (staged === null || staged !== revealed) return false
    for (const path of await filesIn(staging)) {
      const isThere = await exists(join(folder, path))
      if (!isThere && (path !== main || !(await exists(`${folder}.${mainExtension}`)))) return false
    }
    return true
  }

  /** Of this attempt and those before. */
  const removeStagings = async (mediaId: string, attempt: number): Promise<void> => {
    for (const name of await readdir(incoming).catch(() => [])) {
      const [id, of] = name.split('~')
      if (id === mediaId && Number(of) <= attempt) await removeWhole(join(incoming, name))
    }
  }

  return {
    pathOf,

    async isFree(base, mainExtension, mediaId) {
      if ((await mediaIdIn(pathOf(base))) === mediaId) return true
      if (await exists(pathOf(base))) return false
      return mainExtension === null || !(await exists(`${pathOf(base)}.${mainExtension}`))
    },

    async openStaging(mediaId, attempt) {
      await removeStagings(mediaId, attempt)
      const staging = join(incoming, `${mediaId}~${attempt}`)
      await mkdir(staging, { recursive: true })
      return staging
    },

    async stage(staging, file, signal) {
      signal.throwIfAborted()
      const target = join(staging, ...file.path.split('/'))
      await mkdir(dirname(target), { recursive: true })
      await linkOrCopy(file.from, target)
    },

    async reveal(staging, { base, mediaId, main, mainExtension }) {
      const folder = pathOf(base)
      const isOwn = (await mediaIdIn(folder)) === mediaId
      if (!isOwn || !(await holdsAll(staging, { base, main, mainExtension }))) {
        // Who has lost it to a later attempt has nothing to replace anything with.
        await access(staging)
        if (isOwn) await removeRevealed({ base, mainExtension })
        await moveInto(staging, folder)
      }
      if (main === null || mainExtension === null) return
      await renameIfThere(join(folder, main), `${folder}.${mainExtension}`)
    },

    async withdraw({ base, mediaId, mainExtension }) {
      await removeStagings(mediaId, Infinity)
      const folder = pathOf(base)
      if ((await mediaIdIn(folder)) !== mediaId) return
      await removeRevealed({ base, mainExtension })
      // Of an uploader that has nothing else; where there is something it stays.
      await rmdir(dirname(folder)).catch(() => undefined)
    },

    discard: (staging) => rm(staging, { recursive: true, force: true }),
  }
}

/** As `sha256sum -c` reads it. */
export const writeChecksums = async (staging: string, sums: { path: string; sha256: string }[]): Promise<void> => {
  await writeFile(join(staging, CHECKSUMS_FILE), sums.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''))
}

export const writeManifest = async (staging: string, manifest: { mediaId: string }): Promise<void> => {
  await writeFile(join(staging, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
}

/** False where there is nothing of that name. */
const renameIfThere = async (from: string, to: string): Promise<boolean> => {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Others may remove the folder around it at any moment, as long as it is empty. */
const MOST_TRIES = 100

const moveInto = async (from: string, to: string): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await mkdir(dirname(to), { recursive: true })
      await rename(from, to)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === MOST_TRIES || !(await exists(from)))
        throw error
    }
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const sumsIn = (folder: string): Promise<string | null> =>
  readFile(join(folder, CHECKSUMS_FILE), 'utf8').catch(() => null)

const mediaIdIn = async (folder: string): Promise<string | null> => {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST_FILE), 'utf8')) as { mediaId?: unknown } | null
    return typeof manifest?.mediaId === 'string' ? manifest.mediaId : null
  } catch {
    // No folder, or somebody else's: not this media.
    return null
  }
}
