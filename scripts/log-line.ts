const WORTH_SAYING = new Set(['warn', 'error', 'fatal'])

export interface LogLine {
  level: string
  message: string
  /** All fields of a JSON line; empty for other text. */
  fields: Record<string, unknown>
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Reads a line of a child's output: JSON as pino and Temporal write it, or any other text. */
export const parseLogLine = (line: string): LogLine => {
  if (!line.startsWith('{')) return { level: 'text', message: line, fields: {} }
  try {
    const fields: Record<string, unknown> = JSON.parse(line)
    const error = fields['err'] ?? fields['error']
    const cause =
      typeof error === 'object' && error !== null && 'message' in error ? textOf(error.message) : textOf(error)
    const message = [textOf(fields['msg']) ?? line, cause].filter((part) => part !== null).join(': ')
    return { level: (textOf(fields['level']) ?? 'info').toLowerCase(), message, fields }
  } catch {
    return { level: 'text', message: line, fields: {} }
  }
}

export const isWorthSaying = ({ level }: LogLine): boolean => WORTH_SAYING.has(level)
