import { join } from 'node:path'
import type { CatalogAudit } from '../../catalog/audit.ts'
import type { MediaFileRow, MediaWithFiles } from '../../catalog/media.ts'
import { CHECKSUMS_FILE } from '../../storage/library.ts'
import { hashFile } from '../../tools/hash-file.ts'
import { checkSumsFile } from './check-sums-file.ts'
import type { Finding } from './finding.ts'
import { fileSize, walkLibrary } from './library-walk.ts'

export interface LibraryCheck {
  audit: CatalogAudit
  libraryDir: string
  /** Sizes only. */
  quick: boolean
  signal: AbortSignal
  /** Hears of bytes that were read, or passed over by their size. */
  onBytes: (bytes: number) => void
}

/** Compares the library with the catalog both ways. Files that came while it looked are not among the extra ones. */
export const checkLibrary = async (check: LibraryCheck): Promise<Finding[]> => {
  const unlisted = new Set<string>()
  for await (const path of walkLibrary(check.libraryDir)) unlisted.add(comparable(path))
  const findings: Finding[] = []
  for await (const page of check.audit.mediaPages()) {
    for (const media of page) {
      findings.push(...(await checkMedia(check, media)))
      for (const { libraryPath } of media.files) unlisted.delete(comparable(libraryPath))
    }
  }
  return [...findings, ...[...unlisted].map((where): Finding => ({ kind: 'extra', where, detail: '' }))]
}

/** What is wrong with the files of one media, or with some of them. */
export const checkMedia = async (
  check: LibraryCheck,
  media: MediaWithFiles,
  isWanted: (file: MediaFileRow) => boolean = () => true,
): Promise<Finding[]> => {
  const findings: Finding[] = []
  for (const file of media.files.filter(isWanted)) {
    check.signal.throwIfAborted()
    const found = await checkFile(check, media, file)
    if (found !== null) findings.push({ ...found, where: file.libraryPath, mediaId: media.id })
  }
  return findings
}

const checkFile = async (
  { libraryDir, quick, signal, onBytes }: LibraryCheck,
  media: MediaWithFiles,
  file: MediaFileRow,
): Promise<Pick<Finding, 'kind' | 'detail'> | null> => {
  const path = join(libraryDir, ...file.libraryPath.split('/'))
  const size = await fileSize(path)
  if (size === null) return { kind: 'missing', detail: `${file.sizeBytes} bytes of “${media.title}”` }
  if (size !== file.sizeBytes) return { kind: 'size', detail: `${size} bytes instead of ${file.sizeBytes}` }
  if (!quick) {
    if (file.path === CHECKSUMS_FILE) return checkSumsFile(path, media)
    if (file.sha256 !== null) {
      let done = 0
      const onDone = (bytes: number) => {
        onBytes(bytes - done)
        done = bytes
      }
      const sha256 = await hashFile(path, { signal, onBytes: onDone })
      return sha256 === file.sha256 ? null : { kind: 'checksum', detail: `${sha256} instead of ${file.sha256}` }
    }
  }
  onBytes(size)
  return null
}

/** Some file systems give names back in another Unicode form than they were given. */
export const comparable = (path: string): string => path.normalize('NFC')
