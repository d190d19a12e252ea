/** Why Sluice can't start or go on, in a sentence for whoever typed the command. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
