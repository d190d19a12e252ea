import { spawnSync } from 'node:child_process'

let available: boolean | null = null

/**
 * The command that runs a program so that it dies with this process, even if this one is killed. Linux with util-linux alone
 * has such a thing; elsewhere the next start ends what was left.
 */
export const dyingWithParent = (command: string, args: readonly string[]): [string, ...string[]] => {
  const prefix = ['--pdeathsig', 'KILL', '--'] as const
  available ??= process.platform === 'linux' && spawnSync('setpriv', [...prefix, 'true']).status === 0
  return available ? ['setpriv', ...prefix, command, ...args] : [command, ...args]
}
