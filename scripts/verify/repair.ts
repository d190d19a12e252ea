import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import type { CatalogAudit } from '../../catalog/audit.ts'
import type { MediaQueries } from '../../catalog/media.ts'
import { canRepair, type Finding } from './finding.ts'
import { LIBRARY_QUARANTINE } from './library-walk.ts'

export interface Repair {
  audit: CatalogAudit
  media: Pick<MediaQueries, 'get' | 'reserveLibraryPath' | 'releaseLibraryPath'>
  dataDir: string
  libraryDir: string
  /** Names the folders of this repair, in the library and in the data directory. */
  stamp: string
}

/**
 * Puts right what can be put right without losing anything: files are moved aside, rows written down before they go.
 * @returns what is repaired.
 */
export const repair = async (deps: Repair, findings: Finding[]): Promise<Finding[]> => {
  const repaired = findings.filter(canRepair)
  for (const finding of repaired) await repairOne(deps, finding)
  if (repaired.some(({ kind }) => kind === 'filesWithoutMedia')) await removeFileRows(deps)
  return repaired
}

const repairOne = async (deps: Repair, { kind, where, detail, mediaId = '' }: Finding): Promise<void> => {
  const { dataDir, libraryDir, stamp } = deps
  switch (kind) {
    case 'extra':
    case 'incoming':
      // On the library's own file system, which may not be that of the data directory.
      return move(join(libraryDir, where), join(libraryDir, LIBRARY_QUARANTINE, stamp, where))
    case 'scratch':
    case 'work':
      return move(join(dataDir, where), join(dataDir, 'quarantine', stamp, where))
    case 'pathWithoutMedia':
      return deps.media.releaseLibraryPath(mediaId)
    case 'mediaWithoutPath':
      return reserveAgain(deps, mediaId, detail)
    case 'missing':
    case 'size':
    case 'checksum':
    case 'mediaWithoutFiles':
    case 'filesWithoutMedia':
    case 'resultWithoutMedia':
      return
  }
}

/** Publishing reserves the name of the folder; where another media has it by now, any other keeps the rule of one for each. */
const reserveAgain = async ({ media }: Repair, mediaId: string, libraryPath: string): Promise<void> => {
  const files = (await media.get(mediaId))?.files ?? []
  const manifest = files.find(({ role }) => role === 'manifest')
  const name = manifest === undefined ? libraryPath : posix.dirname(manifest.libraryPath)
  await media.reserveLibraryPath(mediaId, (attempt) => (attempt === 1 ? name : `${name} ${mediaId} ${attempt}`))
}

const removeFileRows = async ({ audit, dataDir, stamp }: Repair): Promise<void> => {
  const records = await audit.filesWithoutMedia()
  const folder = join(dataDir, 'quarantine', stamp)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'media-files.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  await audit.removeFilesWithoutMedia(records)
}

const move = async (from: string, to: string): Promise<void> => {
  await mkdir(dirname(to), { recursive: true })
  await rename(from, to)
}
