import { webAddressOf } from './ytdlp-info.ts'

/** What makes a playlist more than files one after the other: keys, pieces of files, breaks, gaps, variables, other playlists. */
const BEYOND_FILES =
  /^#EXT-X-(?:KEY(?!:METHOD=NONE\s*$)|SESSION-KEY|BYTERANGE|DISCONTINUITY$|GAP|DEFINE|STREAM-INF|PART|SKIP|I-FRAMES-ONLY)|^#(?:UPLYNK|ANVATO)-SEGMENT/m

/**
 * Addresses of the segments of an HLS media playlist that is complete (RFC 8216), its initialization section first: the media are
 * these files one after the other. Null where they are not that alone.
 * @param url where the playlist came from
 */
export const playlistSegments = (playlist: string, url: string): string[] | null => {
  const lines = playlist.split(/\r?\n/).map((line) => line.trim())
  if (lines[0] !== '#EXTM3U' || !lines.includes('#EXT-X-ENDLIST') || BEYOND_FILES.test(lines.join('\n'))) return null
  const maps = new Set(lines.filter((line) => line.startsWith('#EXT-X-MAP:')))
  if (maps.size > 1) return null
  const [map] = maps
  const mapUri = map === undefined ? null : (/[:,]URI="([^"]+)"/.exec(map)?.[1] ?? null)
  if (map !== undefined && (mapUri === null || map.includes('BYTERANGE'))) return null
  const files = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const addresses = [...(mapUri === null ? [] : [mapUri]), ...files].map((file) => webAddress(file, url))
  return files.length > 0 && addresses.every((address) => address !== null) ? addresses : null
}

/** The address as it stands under another one; null where it is not on the web. */
export const webAddress = (address: string, base: string): string | null =>
  URL.canParse(address, base) ? webAddressOf(new URL(address, base).href) : null
