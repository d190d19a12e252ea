import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'

/**
 * A player changes between sizes at any segment, so all of them have to begin and end together.
 * @throws SluiceError OutputInvalid when the segments of one size last differently.
 */
export const checkAligned = async (dir: string, names: readonly string[]): Promise<void> => {
  const playlists = await Promise.all(names.map((name) => readFile(join(dir, name, 'index.m3u8'), 'utf8')))
  const lengths = new Set(playlists.map((playlist) => (playlist.match(/^#EXTINF:[\d.]+/gm) ?? []).join()))
  if (lengths.size > 1) throw new SluiceError('OutputInvalid', 'The segments of the sizes do not begin together.')
}
