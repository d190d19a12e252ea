import { buildBundles, staleBundles } from './bundles.mjs'
import { installDebianPackages, missingTestPackages } from './debian-packages.mjs'
import { installNpmPackages, npmPackagesInstalled } from './npm-packages.mjs'
import { OVERRIDES, parsePins, wantedPins } from './pins.mjs'
import { hashOf, readStamp, ROOT, SetupError, writeStamp } from './project.mjs'
import { environmentExists } from './python.mjs'
import { createTaskList } from './task-list.mjs'
import { recordToolPaths, toolPathsRecorded } from './tool-paths.mjs'
import { installTools } from './tools.mjs'

/** Pins that are not installed, or at another version. */
const missingPins = ({ env, test }) => {
  const stamp = readStamp()
  const present = stamp.root === ROOT && environmentExists() ? (stamp.pins ?? {}) : {}
  return wantedPins({ pins: parsePins(), env, test }).filter(({ name, requirement }) => present[name] !== requirement)
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
 * @param {{test: boolean, env: NodeJS.ProcessEnv, stream: NodeJS.WriteStream}} options `test`: what only tests need, too.
 * @throws SetupError with what a person has to do.
 */
export const install = async ({ test, env, stream }) => {
  const startedAt = Date.now()
  const pins = missingPins({ env, test })
  const debian = test ? missingTestPackages() : []
  const overrides = hashOf(
    [],
    Object.values(OVERRIDES).map((name) => env[name] ?? ''),
  )
  const npmReady = npmPackagesInstalled()
  const needsPaths = () => readStamp().overrides !== overrides || !toolPathsRecorded({ test })
  if (npmReady && pins.length + debian.length === 0 && !needsPaths() && staleBundles().length === 0) return

  const tasks = createTaskList(stream)
  try {
    stream.write('Setting up Sluice\n')
    const system = async () => {
      await installDebianPackages(tasks, debian)
      if (pins.length > 0) {
        await installTools(tasks, pins)
        const kept = readStamp().root === ROOT ? readStamp().pins : {}
        const installed = Object.fromEntries(pins.map(({ name, requirement }) => [name, requirement]))
        writeStamp({ root: ROOT, pins: { ...kept, ...installed } })
      }
      if (pins.length > 0 || needsPaths()) {
        await recordToolPaths({ tasks, env, test })
        writeStamp({ overrides })
      }
    }
    const packages = async () => {
      if (!npmReady) await installNpmPackages(tasks)
      await buildBundles(tasks)
    }
    await allOf([system(), packages()])
    stream.write(`Set up in ${Math.round((Date.now() - startedAt) / 1000)} s\n`)
  } finally {
    tasks.close()
  }
}
