import { access, constants } from 'node:fs/promises'
import { FAILURES } from '../contract/failures.ts'
import { SEARCH_ATTRIBUTES } from '../contract/names.ts'
import { sizeText } from '../contract/size-text.ts'
import type { ApiDeps } from './deps.ts'

/** One thing that must be in order before jobs get anywhere. */
export interface ReadinessCheck {
  name: 'catalog' | 'data' | 'disk' | 'temporal' | 'search-attributes' | 'workers'
  ok: boolean
  /** What is wrong, in a sentence; where it is ok all the same, what will be. */
  detail: string | null
  /** What helps, often a command. */
  help: string | null
}

export type CheckReadiness = () => Promise<ReadinessCheck[]>

/** Everybody may ask, so that asking must not cost: the answer is kept for so long. */
const KEEP_MS = 1_000

type ReadinessDeps = Pick<ApiDeps, 'catalog' | 'config' | 'temporal' | 'roomState' | 'log'>

export const createReadiness = (deps: ReadinessDeps): CheckReadiness => {
  let kept: { at: number; answer: Promise<ReadinessCheck[]> } | null = null
  return () => {
    if (!kept || performance.now() - kept.at > KEEP_MS) kept = { at: performance.now(), answer: checkAll(deps) }
    return kept.answer
  }
}

const checkAll = async (deps: ReadinessDeps): Promise<ReadinessCheck[]> => {
  const { catalog, config, temporal } = deps
  const check = async (
    name: keyof typeof SENTENCES,
    help: string,
    find: () => Promise<string | null>,
  ): Promise<ReadinessCheck> => {
    const detail = await find().catch((error: unknown) => {
      deps.log.debug({ err: error, check: name }, 'readiness check failed')
      return SENTENCES[name]
    })
    return { name, ok: detail === null, detail, help: detail === null ? null : help }
  }
  const address = config.temporal.address ?? 'the embedded server'
  return Promise.all([
    check('catalog', 'Check DATABASE_URL and that the database runs.', async () => {
      await catalog.ping()
      return null
    }),
    check('data', `Make ${config.dataDir} a folder that this user can write to.`, async () => {
      await access(config.dataDir, constants.W_OK)
      return null
    }),
    checkDisk(deps),
    check(
      'temporal',
      `Start Temporal (${address}); jobs are accepted meanwhile and start when it is back.`,
      async () => {
        await temporal.serverVersion()
        return null
      },
    ),
    check('search-attributes', searchAttributeCommand(config.temporal.namespace), async () => {
      const missing = await temporal.missingSearchAttributes()
      return missing.length === 0 ? null : `The namespace has no search attributes ${missing.join(', ')}.`
    }),
    check('workers', 'Start one: node dist/worker.js', async () => {
      const idle = (await temporal.describeQueues()).filter(({ pollers }) => pollers.length === 0)
      return idle.length === 0 ? null : `No worker takes from ${idle.map(({ name }) => name).join(', ')}.`
    }),
  ])
}

/** Jobs wait for room and go on by themselves: whoever asks for pages and media is served meanwhile. */
const checkDisk = async ({ roomState, log }: ReadinessDeps): Promise<ReadinessCheck> => {
  const state = await roomState().catch((error: unknown) => {
    log.debug({ err: error, check: 'disk' }, 'readiness check failed')
    return null
  })
  const isTight = state !== null && (state.waiting > 0 || state.disk.freeBytes <= 0)
  if (!isTight) return { name: 'disk', ok: true, detail: null, help: null }
  const free = sizeText(Math.max(0, state.disk.freeBytes))
  const detail = `Jobs can have ${free} of the disk; ${state.waiting} wait for more.`
  return { name: 'disk', ok: true, detail, help: FAILURES.DiskFull.help }
}

const SENTENCES: Record<Exclude<ReadinessCheck['name'], 'disk'>, string> = {
  catalog: 'The catalog does not answer.',
  data: 'The data directory cannot be written to.',
  temporal: 'Temporal does not answer.',
  'search-attributes': 'Whether the search attributes are there cannot be told.',
  workers: 'Whether workers are there cannot be told.',
}

const searchAttributeCommand = (namespace: string): string =>
  [
    `temporal operator search-attribute create --namespace ${namespace}`,
    ...Object.values(SEARCH_ATTRIBUTES).map((name) => `--name ${name} --type Keyword`),
  ].join(' ')
