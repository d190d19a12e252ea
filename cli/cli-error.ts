/** What went wrong, in a sentence for whoever typed the command; ends it with exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError'
}
