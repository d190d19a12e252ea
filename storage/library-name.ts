import { cutText } from '../contract/cut-text.ts'

/**
 * Names that people read and every file system takes: NTFS, APFS, ext4 and exFAT, also over SMB. The limit of a path component
 * is 255 bytes on ext4 and 255 UTF-16 units on the others; bytes are the stricter of the two.
 */
const COMPONENT_BYTES = 255
/** Longest of what is appended to a name: ` (stream 999)` and an extension. */
const SUFFIX_BYTES = 32
const ID_BYTES = 64

/**
 * Controls, what NTFS and exFAT forbid, separators, and characters that turn the direction of the text round. And `#`: players
 * resolve the addresses in a playlist against its own, which for them ends there.
 */
const FORBIDDEN = /[\p{Cc}\\/:*?"<>|#\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/gu
/** Device names of Windows, whatever their extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

export interface LibraryNameParts {
  uploader: string | null
  /** Stands in for the uploader where there is none. */
  site: string | null
  title: string
  id: string
}

/** `<uploader>/<title> [<id>]`, without an extension; forward slash. Never empty, hidden, or an option to a program. */
export const libraryName = ({ uploader, site, title, id }: LibraryNameParts): string => {
  const tail = ` [${component(id, ID_BYTES)}]`
  const folder = component(uploader ?? site ?? 'Local files', COMPONENT_BYTES - SUFFIX_BYTES)
  return `${folder}/${component(title, COMPONENT_BYTES - SUFFIX_BYTES - Buffer.byteLength(tail))}${tail}`
}

/** The nth name to try where the ones before are taken by other media: plain, ` (preset)`, ` (preset 2)` … */
export const numberedName = (name: string, preset: string, attempt: number): string => {
  if (attempt === 1) return name
  return attempt === 2 ? `${name} (${preset})` : `${name} (${preset} ${attempt - 1})`
}

const component = (text: string, maxBytes: number): string => {
  const cleaned = text
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(FORBIDDEN, '_')
    .replaceAll(/\s+/gu, ' ')
    // A leading dot hides a file, a leading dash makes it an option; trailing dots and spaces are dropped by Windows.
    .replace(/^[\s.-]+/u, '')
  const cut = cutText(cleaned, maxBytes, bytesOf).replace(/[\s.]+$/u, '')
  if (cut === '') return '_'
  return RESERVED.test(cut) ? cutText(`_${cut}`, maxBytes, bytesOf) : cut
}

const bytesOf = (text: string): number => Buffer.byteLength(text)
