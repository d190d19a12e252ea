import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import type { MediaWithFiles } from '../../catalog/media.ts'
import { CHECKSUMS_FILE } from '../../storage/library.ts'
import type { Finding } from './finding.ts'

/** A list of checksums has none of its own in the catalog: it has to say what the catalog says of the other files. */
export const checkSumsFile = async (
  path: string,
  media: MediaWithFiles,
): Promise<Pick<Finding, 'kind' | 'detail'> | null> => {
  const folder = posix.dirname(media.files.find((file) => file.path === CHECKSUMS_FILE)?.libraryPath ?? '')
  const expected = new Map(media.files.map(({ libraryPath, sha256 }) => [libraryPath, sha256]))
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
  for (const line of lines) {
    const [, sha256, name = ''] = /^([0-9a-f]{64}) {2}(.+)$/s.exec(line) ?? []
    if (sha256 === undefined) return { kind: 'checksum', detail: 'a line of it is no checksum' }
    const known = expected.get(posix.join(folder, name))
    if (known !== sha256)
      return { kind: 'checksum', detail: `says ${sha256} of ${name}, the catalog ${known ?? 'nothing'}` }
  }
  return null
}
