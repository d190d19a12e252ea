import { open } from 'node:fs/promises'
import { extname } from 'node:path'

const TS_PACKET_BYTES = 188
const TS_SYNC = 0x47

/**
 * The extension that a file deserves: what servers and playlists call `.mp4` may be an MPEG transport stream. Where its first
 * bytes say nothing, it keeps the one it has, or `bin`.
 */
export const extensionOf = async (path: string): Promise<string> => {
  const handle = await open(path, 'r')
  try {
    const head = Buffer.alloc(3 * TS_PACKET_BYTES)
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    const bytes = head.subarray(0, bytesRead)
    const named = nameOf(path)
    return sniff(bytes) ?? (named === 'bin' ? sniffNameless(bytes) : null) ?? named
  } finally {
    await handle.close()
  }
}

/** Signatures of containers; ISO media files (`mp4`, `m4a`, `mov`) share one and keep the name they have. */
export const sniff = (head: Uint8Array): string | null => {
  const ascii = (start: number, end: number): string => Buffer.from(head.subarray(start, end)).toString('latin1')
  if (head.length >= 3 * TS_PACKET_BYTES && [0, 1, 2].every((packet) => head[packet * TS_PACKET_BYTES] === TS_SYNC)) {
    return 'ts'
  }
  if (ascii(0, 4) === '\x1A\x45\xDF\xA3') return ascii(4, 64).includes('webm') ? 'webm' : 'mkv'
  if (ascii(0, 4) === 'OggS') return 'ogg'
  if (ascii(0, 4) === 'fLaC') return 'flac'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WAVE') return 'wav'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'AVI ') return 'avi'
  return null
}

/** Of a file without a name, as addresses without an ending lead to (ISO/IEC 14496-12 §4.3, ID3v2 §3.1). */
const sniffNameless = (head: Uint8Array): string | null => {
  const ascii = Buffer.from(head.subarray(0, 12)).toString('latin1')
  if (ascii.slice(4, 8) === 'ftyp') return ISO_BRANDS[ascii.slice(8, 12)] ?? 'mp4'
  if (ascii.startsWith('ID3')) return 'mp3'
  return ascii.startsWith('FLV') ? 'flv' : null
}

const ISO_BRANDS: Readonly<Record<string, string>> = { 'qt  ': 'mov', 'M4A ': 'm4a' }

/** Of a name that a site chose, only a short plain ending is kept. */
const nameOf = (path: string): string => {
  const extension = extname(path).slice(1).toLowerCase()
  return /^[a-z0-9]{1,5}$/.test(extension) ? extension : 'bin'
}
