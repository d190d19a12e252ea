/** What may name a person or open a door: everything after the `?` of an address, credentials in it, and header values. */
const RULES: readonly [RegExp, string][] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'<>]+@/gi, '$1…@'],
  [/\b(https?:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1?…'],
  [/\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(["']?\s*[:=]\s*)[^\r\n]+/gi, '$1$2…'],
  [/\b(password|passwd|secret|token|api_key|apikey|signature|sig)=[^\s&"']+/gi, '$1=…'],
]

/** The text without secrets and without the query strings of addresses. */
export const redact = (text: string): string =>
  RULES.reduce((kept, [pattern, replacement]) => kept.replace(pattern, replacement), text)

const quote = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`

/** The command as a line that can be pasted into a shell, without secrets. */
export const commandLine = (path: string, args: readonly string[]): string =>
  [path, ...args].map((argument) => quote(redact(argument))).join(' ')
