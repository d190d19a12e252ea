import { canRepair, FINDING_KINDS, FINDING_NAMES, isHarmless, type Finding, type FindingName } from './finding.ts'

/** Of one kind; the rest is counted. */
const SHOWN = 50

export interface VerifyResult {
  ok: boolean
  quick: boolean
  media: number
  files: number
  bytes: number
  /** How many of each kind were found. */
  found: Partial<Record<FindingName, number>>
  repaired: number
  /** What is wrong still. */
  wrong: number
  seconds: number
}

export const countByKind = (findings: Finding[]): VerifyResult['found'] => {
  const counts: VerifyResult['found'] = {}
  for (const { kind } of findings) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** A table for people: what was found, where, and what is to be done. */
export const describeFindings = (findings: Finding[], repaired: boolean): string[] =>
  FINDING_NAMES.flatMap((kind) => {
    const found = findings.filter((finding) => finding.kind === kind)
    const [first] = found
    if (first === undefined) return []
    const width = Math.max(...found.slice(0, SHOWN).map(({ where }) => where.length))
    return [
      `${found.length} ${FINDING_KINDS[kind].title}: ${remedy(first, repaired)}`,
      ...found.slice(0, SHOWN).map(({ where, detail }) => `  ${where.padEnd(width)}  ${detail}`.trimEnd()),
      ...(found.length > SHOWN ? [`  … and ${found.length - SHOWN} more`] : []),
    ]
  })

const remedy = (finding: Finding, repaired: boolean): string => {
  const { repair, advice } = FINDING_KINDS[finding.kind]
  if (isHarmless(finding) || !canRepair(finding)) return advice
  return repaired ? `repaired (${repair})` : `\`npm run verify -- --repair\` ${repair}`
}
