import { buildBundles, staleBundles } from './bundles.mjs'
import { installDebianPackages, missingTestPackages } from './debian-packages.mjs'
import { alone } from './lock.mjs'
import { installNpmPackages, npmPackagesInstalled } from './npm-packages.mjs'
import { OVERRIDES, parsePins, wantedPins } from './pins.mjs'
import { hashOf, readStamp, ROOT, SetupError, writeStamp } from './project.mjs'
import { environmentExists } from './python.mjs'
import { createTaskList } from './task-list.mjs'
import { overridesLead, recordToolPaths, toolPathsRecorded } from './tool-paths.mjs'
import { installTools } from './tools.mjs'

/** Pins that are installed, by name; none where the environment has gone or was moved. */
const presentPins = () => {
  const stamp = readStamp()
  return stamp.root === ROOT && environmentExists() ? (stamp.pins ?? {}) : {}
}

const findMissing = ({ env, test, start }) => {
  const present = presentPins()
  const settings = Object.values(OVERRIDES).map((name) => env[name] ?? '')
  const overrides = hashOf([], settings)
  const mayRecord = !start || overridesLead(env)
  const missing = {
    npm: !npmPackagesInstalled(),
    debian: test ? missingTestPackages() : [],
    pins: wantedPins({ pins: parsePins(), env, test }).filter(({ name, requirement }) => present[name] !== requirement),
    paths: mayRecord && (readStamp().overrides !== overrides || !toolPathsRecorded({ test })),
    bundles: staleBundles().length > 0,
  }
  const isAny = missing.npm || missing.debian.length + missing.pins.length > 0 || missing.paths || missing.bundles
  return { ...missing, isAny, present, overrides, mayRecord }
}

/** Lets all finish before a failure is passed on: nothing goes on behind an error message. */
const allOf = async (works) => {
  const failures = (await Promise.allSettled(works)).filter(({ status }) => status === 'rejected')
  const reasons = failures.map(({ reason }) => reason)
  const bug = reasons.find((reason) => !(reason instanceof SetupError))
  if (bug) throw bug
  if (reasons.length > 0) throw new SetupError(reasons.map(({ message }) => message).join('\n\n'))
}

/**
 * Brings the project to where it can run: installs what is missing, builds what is stale, does nothing else.
 * @param {{test: boolean, start: boolean, env: NodeJS.ProcessEnv, stream: NodeJS.WriteStream}} options `test`: what only tests
 * need, too. `start`: a program set by hand that is not there is left to the start, which names all wrong settings at once.
 * @throws SetupError with what a person has to do.
 */
export const install = async (options) => {
  if (findMissing(options).isAny) await alone(options.stream, () => installMissing(options))
}

const installMissing = async ({ test, start, env, stream }) => {
  const startedAt = Date.now()
  const missing = findMissing({ env, test, start })
  // Another set-up has done it meanwhile.
  if (!missing.isAny) return
  const tasks = createTaskList(stream)
  const system = async () => {
    await installDebianPackages(tasks, missing.debian)
    if (missing.pins.length > 0) {
      await installTools(tasks, missing.pins)
      const installed = Object.fromEntries(missing.pins.map(({ name, requirement }) => [name, requirement]))
      writeStamp({ root: ROOT, pins: { ...missing.present, ...installed } })
    }
    if ((missing.pins.length > 0 || missing.paths) && missing.mayRecord) {
      await recordToolPaths({ tasks, env, test })
      writeStamp({ overrides: missing.overrides })
    }
  }
  const packages = async () => {
    if (missing.npm) await installNpmPackages(tasks)
    await buildBundles(tasks)
  }
  try {
    stream.write('Setting up Sluice\n')
    await allOf([system(), packages()])
    stream.write(`Set up in ${Math.round((Date.now() - startedAt) / 1000)} s\n`)
  } finally {
    tasks.close()
  }
}
