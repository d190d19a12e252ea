import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SetupError } from './project.mjs'
import { run } from './run.mjs'

/** Full path of a program, looked for in PATH and where servers are kept; null where there is none. */
export const findProgram = (...names) => {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin']
  for (const name of names) {
    for (const folder of folders.filter((path) => path !== '')) {
      const path = name.startsWith('/') ? name : join(folder, name)
      try {
        accessSync(path, constants.X_OK)
        return path
      } catch {
        // Not in this folder; the next may have it.
      }
    }
  }
  return null
}

const PROGRAMS = {
  chromium: {
    names: [
      'chromium',
      'chromium-browser',
      'google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    debian: 'chromium',
    brew: '--cask google-chrome',
  },
  mariadbd: { names: ['mariadbd'], debian: 'mariadb-server', brew: 'mariadb' },
}

export const findTestPrograms = () =>
  Object.fromEntries(Object.entries(PROGRAMS).map(([program, { names }]) => [program, findProgram(...names)]))

/** Debian packages of the programs that only tests need and that are not there. */
export const missingTestPackages = () =>
  Object.values(PROGRAMS)
    .filter(({ names }) => findProgram(...names) === null)
    .map(({ debian }) => debian)

export const canInstallDebianPackages = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')

const adviceFor = (packages) => {
  const brew = Object.values(PROGRAMS).filter(({ debian }) => packages.includes(debian))
  if (process.platform === 'darwin') return brew.map(({ brew: name }) => `brew install ${name}`).join(' && ')
  return `sudo apt-get install ${packages.join(' ')}   (or the same for your distribution)`
}

/** @throws SetupError where this user can't install them: says the command that does. */
export const installDebianPackages = async (tasks, packages) => {
  if (packages.length === 0) return
  if (!canInstallDebianPackages()) {
    throw new SetupError(`Some programs are missing. Please install them, then try again:\n  ${adviceFor(packages)}`)
  }
  await tasks.run({
    title: `Debian packages ${packages.join(', ')}`,
    work: async (say) => {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
      const onLine = (line) => {
        const status = /^(dl|pm)status:[^:]*:([\d.]+):/.exec(line)
        if (status) say(`${status[1] === 'dl' ? 'downloading' : 'installing'} ${Math.round(Number(status[2]))} %`)
      }
      // Another apt may be at work, as it is on machines that have just booted.
      const options = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'APT::Status-Fd=1']
      const update = await run({ command: 'apt-get', args: [...options, 'update'], env })
      const args = [...options, 'install', '-y', '--no-install-recommends', ...packages]
      const install = await run({ command: 'apt-get', args, env, onLine })
      if (!install.ok) throw new SetupError(`apt-get could not install them:\n${update.output}\n${install.output}`)
    },
  })
}
