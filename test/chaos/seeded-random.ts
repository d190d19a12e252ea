import { createHash } from 'node:crypto'

/** Draws that depend on nothing but the seed and the order in which they are asked for. */
export interface SeededRandom {
  /** 0 ≤ x < 1. */
  fraction(): number
  /** A whole number, both ends included. */
  between(min: number, max: number): number
  pick<const T>(items: readonly T[]): T
  /** As often as their weights say. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T
}

/**
 * One stream of draws for each `purpose`: how often one is asked must not change what the others draw. SHA-256 of a counter:
 * slow, and the same everywhere.
 */
export const seededRandom = (seed: number, purpose: string): SeededRandom => {
  let drawn = 0
  const fraction = (): number => {
    drawn += 1
    const digest = createHash('sha256').update(`${seed}/${purpose}/${drawn}`).digest()
    return digest.readUInt32BE(0) / 2 ** 32
  }
  const between = (min: number, max: number): number => min + Math.floor(fraction() * (max - min + 1))
  return {
    fraction,
    between,
    pick: (items) => {
      const picked = items[between(0, items.length - 1)]
      if (picked === undefined) throw new Error('nothing to pick from')
      return picked
    },
    weighted: (weights) => {
      const entries = Object.entries<number>(weights) as [keyof typeof weights, number][]
      const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
      let left = fraction() * total
      for (const [name, weight] of entries) {
        left -= weight
        if (left < 0) return name
      }
      throw new Error('nothing to draw from')
    },
  }
}
