import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { canInstallDebianPackages, findProgram, installDebianPackages } from './debian-packages.mjs'
import { SetupError, TOOLS_DIR } from './project.mjs'
import { run } from './run.mjs'

export const VENV = join(TOOLS_DIR, 'venv')
export const VENV_PYTHON = join(VENV, 'bin/python')
export const environmentExists = () => existsSync(VENV_PYTHON)
/** What yt-dlp and deno's package need. */
const MINIMUM = [3, 11]
const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11']

const versionOf = async (python) => {
  const { ok, output } = await run({ command: python, args: ['-c', 'import sys; print(*sys.version_info[:2])'] })
  const [major, minor] = output.split(' ').map(Number)
  return ok ? { major, minor } : null
}

const findPython = async () => {
  let found = null
  for (const python of NAMES.map((name) => findProgram(name)).filter((path) => path !== null)) {
    const version = await versionOf(python)
    if (!version) continue
    if (version.major === MINIMUM[0] && version.minor >= MINIMUM[1]) return { python }
    found ??= `${version.major}.${version.minor}`
  }
  return { python: null, found }
}

const requirePython = async (tasks) => {
  const first = await findPython()
  if (first.python) return first.python
  if (first.found === null && canInstallDebianPackages()) {
    await installDebianPackages(tasks, ['python3', 'python3-venv'])
    const second = await findPython()
    if (second.python) return second.python
  }
  const has = first.found ? `this machine has ${first.found}` : 'there is none on this machine'
  throw new SetupError(
    `Sluice needs Python ${MINIMUM.join('.')} or newer to run yt-dlp; ${has}.\n` +
      'Install it (Debian 12 or newer: apt-get install python3 python3-venv; macOS: brew install python), then try again.',
  )
}

const worksAs = async (pip) => (await run({ command: pip[0], args: [...pip.slice(1), '--version'] })).ok

/** Debian splits pip off venv. A pip outside can install into an environment that has none of its own. */
const createEnvironment = async (tasks, python) => {
  const own = [VENV_PYTHON, '-m', 'pip']
  const foreign = [python, '-m', 'pip', '--python', VENV_PYTHON]
  rmSync(VENV, { recursive: true, force: true })
  if ((await run({ command: python, args: ['-m', 'venv', VENV] })).ok) return own

  rmSync(VENV, { recursive: true, force: true })
  const bare = await run({ command: python, args: ['-m', 'venv', '--without-pip', VENV] })
  if (bare.ok && (await worksAs(foreign))) return foreign

  rmSync(VENV, { recursive: true, force: true })
  if (canInstallDebianPackages()) {
    await installDebianPackages(tasks, ['python3-venv'])
    if ((await run({ command: python, args: ['-m', 'venv', VENV] })).ok) return own
  }
  rmSync(VENV, { recursive: true, force: true })
  throw new SetupError(
    'Python can make no virtual environment here: on Debian and Ubuntu its module is a package of its own.\n' +
      'Please run, then try again:  sudo apt-get install python3-venv',
  )
}

/**
 * The private environment of the tools, made where it is missing or broken.
 * @returns {Promise<string[]>} The command that is its pip.
 */
export const ensureEnvironment = async (tasks) => {
  const own = [VENV_PYTHON, '-m', 'pip']
  if (existsSync(VENV_PYTHON)) {
    if (await worksAs(own)) return own
    const { python } = await findPython()
    const foreign = [python, '-m', 'pip', '--python', VENV_PYTHON]
    if (python && (await worksAs(foreign))) return foreign
  }
  return createEnvironment(tasks, await requirePython(tasks))
}
