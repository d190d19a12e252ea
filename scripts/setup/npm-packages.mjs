import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, ROOT, SetupError } from './project.mjs'
import { run } from './run.mjs'

const installedPackages = () => readJson(join(ROOT, 'node_modules/.package-lock.json'))?.packages ?? {}
const lockedPackages = () => {
  const lock = readJson(join(ROOT, 'package-lock.json'))
  if (!lock) throw new SetupError('package-lock.json is missing or damaged: restore it from the repository.')
  return Object.entries(lock.packages).filter(([path]) => path !== '')
}

/** Whether node_modules holds exactly what the lockfile says, for this platform. npm keeps its own record there. */
export const npmPackagesInstalled = () => {
  const installed = installedPackages()
  return lockedPackages().every(
    ([path, { version, optional, peer, devOptional }]) =>
      installed[path]?.version === version || (!(path in installed) && (optional || devOptional || peer)),
  )
}

const countInstalled = () => {
  const modules = join(ROOT, 'node_modules')
  if (!existsSync(modules)) return 0
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'))
  return names.flatMap((name) => (name.startsWith('@') ? readdirSync(join(modules, name)) : [name])).length
}

export const installNpmPackages = (tasks) => {
  const locked = lockedPackages().filter(([, { optional }]) => !optional)
  const total = locked.filter(([path]) => path.lastIndexOf('node_modules') === 0).length
  return tasks.run({
    title: `${total} npm packages`,
    progress: () => {
      const count = Math.min(countInstalled(), total)
      return count === 0 ? undefined : `${count} of ${total}`
    },
    work: async () => {
      // No package runs code of its own at install: all that need native parts ship them as prebuilt optional packages.
      const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
      const { ok, output } = await run({ command: 'npm', args })
      // Behind the first lines npm prints all of its options.
      if (!ok) throw new SetupError(`npm ci failed:\n${output.split('\n').slice(0, 12).join('\n')}`)
    },
  })
}
