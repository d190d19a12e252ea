import { CliError } from '../cli/cli-error.ts'
import type { WriteLine } from '../cli/terminal.ts'
import { ConfigError } from '../config.ts'
import { SluiceError } from '../contract/failures.ts'
import { StartError } from './start-error.ts'

/** What people can do something about; everything else is a mistake of ours, whose place in the code is wanted. */
const isExpected = (error: unknown): boolean =>
  [CliError, ConfigError, SluiceError, StartError].some((type) => error instanceof type)

/** Runs a script to its last line, `RESULT {json}`. It ends with 0 if that says `ok`, with 1 if not, with 2 where it could not go on. */
export const endWithResult = async (out: WriteLine, main: () => Promise<{ ok: boolean } | null>): Promise<void> => {
  try {
    const result = await main()
    if (result === null) return
    out(`RESULT ${JSON.stringify(result)}`)
    process.exitCode = result.ok ? 0 : 1
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${isExpected(error) || !(error instanceof Error) ? message : error.stack}\n`)
    out(`RESULT ${JSON.stringify({ ok: false, error: message })}`)
    process.exitCode = 2
  }
}
