const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** As people read it: `512 bytes`, `3.4 GiB`. */
export const sizeText = (bytes: number): string => {
  const power = Math.min(Math.max(0, Math.floor(Math.log2(bytes) / 10)), UNITS.length - 1)
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

export const SIZE_PATTERN = /^\d{1,12}([KMGT]?|[KMGT]i?B)$/i

/** Bytes of a text that fits {@link SIZE_PATTERN}: `500`, `16M`, `2TiB`. */
export const sizeFrom = (text: string): number =>
  Number.parseInt(text, 10) * 1024 ** ('KMGT'.indexOf(/[KMGT]/.exec(text.toUpperCase())?.[0] ?? ' ') + 1)
