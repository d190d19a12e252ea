/** Bound that a metric is meant to keep. */
export type Target = { max: number } | { min: number }

/** What one benchmark measured. */
export interface BenchResult {
  bench: string
  /** For people: the first row holds the headings. */
  table: readonly (readonly string[])[]
  /** Sentences below the table: what bounds the figures, what was tried. */
  notes?: readonly string[]
  metrics: Readonly<Record<string, number>>
  targets: Readonly<Record<string, Target>>
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Nearest-rank percentile; `fraction` 0–1. NaN without values. */
export const percentile = (values: readonly number[], fraction: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? Number.NaN
}

/** Metrics that do not keep their target, and those that have a target but were not measured. */
export const missedTargets = ({ metrics, targets }: BenchResult): string[] =>
  Object.entries(targets).flatMap(([name, target]) => {
    const value = metrics[name]
    const kept = value !== undefined && ('max' in target ? value <= target.max : value >= target.min)
    return kept ? [] : [name]
  })

/** The table and, last, the one line for machines. */
export const formatResult = (result: BenchResult): string => {
  const rounded = Object.fromEntries(Object.entries(result.metrics).map(([name, value]) => [name, round(value)]))
  const line = { bench: result.bench, metrics: rounded, targets: result.targets, missed: missedTargets(result) }
  const notes = result.notes ?? []
  return [
    ...alignColumns(result.table),
    '',
    ...notes,
    ...(notes.length > 0 ? [''] : []),
    `RESULT ${JSON.stringify(line)}`,
  ]
    .join('\n')
    .trimStart()
}

/** Four significant digits: more would be noise. */
const round = (value: number): number => Number(value.toPrecision(4))

const alignColumns = (rows: BenchResult['table']): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
