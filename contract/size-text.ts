const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** As people read it: `512 bytes`, `3.4 GiB`. */
export const sizeText = (bytes: number): string => {
  const power = Math.min(Math.max(0, Math.floor(Math.log2(bytes) / 10)), UNITS.length - 1)
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

/** `500M` is 500,000,000 bytes, as disks and sites count; `500Mi` is 524,288,000. Null where the text is no size. */
export const parseSize = (text: string): number | null => {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt])?(i)?b?$/i.exec(text.trim())
  if (!match) return null
  const exponent = match[2] ? 'kmgt'.indexOf(match[2].toLowerCase()) + 1 : 0
  return Math.floor(Number(match[1]) * (match[3] ? 1024 : 1000) ** exponent)
}
