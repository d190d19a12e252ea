/**
 * Which fault cost each piece that was encoded again. Where several come into question, as when one follows upon another before the
 * pieces that the first cut off are begun again, none is blamed for more than it can have cost if that can be: a matching
 * by augmenting paths (Kuhn). So one that is blamed for more has cost more, however the others are counted.
 * @param candidates for each piece, the faults that come into question, none of them twice
 * @param mostCost pieces that a fault can have cost
 * @returns for each piece a fault, the last of them where it is one too many; null where none comes into question
 */
export const blame = (
  candidates: readonly (readonly number[])[],
  mostCost: (fault: number) => number,
): (number | null)[] => {
  const blamed: (number | null)[] = candidates.map(() => null)
  const piecesOf = (fault: number): number[] => blamed.flatMap((other, piece) => (other === fault ? [piece] : []))

  /** Blames a fault for a piece, if need be by finding another one for a piece that it is blamed for. */
  const assign = (piece: number, tried: Set<number>): boolean =>
    (candidates[piece] ?? []).toReversed().some((fault) => {
      if (tried.has(fault)) return false
      tried.add(fault)
      const others = piecesOf(fault)
      if (others.length >= mostCost(fault) && !others.some((other) => assign(other, tried))) return false
      blamed[piece] = fault
      return true
    })

  const tooMany = candidates.flatMap((_, piece) => (assign(piece, new Set()) ? [] : [piece]))
  for (const piece of tooMany) blamed[piece] = candidates[piece]?.at(-1) ?? null
  return blamed
}
