import { setTimeout as sleep } from 'node:timers/promises'
import { isGrpcServiceError, type Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import proto from '@temporalio/proto'
import { SEARCH_ATTRIBUTES } from '../contract/names.ts'

/** How long the Web UI and `/history` can show a job that has ended. */
const RETENTION_DAYS = 30
/** Front ends of a cluster learn of a new namespace when they refresh their list, every 10 s. */
const NAMESPACE_SPREADS_MS = 20_000

/** gRPC status codes, https://grpc.io/docs/guides/status-codes/. */
const NOT_FOUND = 5
const NOT_ALLOWED = [7, 12, 16]
const ALREADY_EXISTS = 6

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType
const names = Object.values(SEARCH_ATTRIBUTES)

const hasCode = (error: unknown, codes: readonly number[]): boolean =>
  isGrpcServiceError(error) && codes.includes(error.code)

export interface TemporalTarget {
  connection: Connection
  namespace: string
}

const ensureNamespace = async ({ connection, namespace }: TemporalTarget): Promise<void> => {
  const retention = msToTs(`${RETENTION_DAYS} days`)
  const service = connection.workflowService
  try {
    const { config } = await service.describeNamespace({ namespace })
    const current = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0)
    // An operator may well keep histories for longer.
    if (current >= Number(retention.seconds)) return
    await service.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: retention } })
  } catch (error) {
    if (!hasCode(error, [NOT_FOUND])) throw error
    await service.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention })
  }
}

const ensureSearchAttributes = async ({ connection, namespace }: TemporalTarget): Promise<void> => {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
  const missing = names.filter((name) => !(name in (customAttributes ?? {})))
  if (missing.length === 0) return
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD]))
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes })
  } catch (error) {
    // Another instance on the same cluster was quicker.
    if (!hasCode(error, [ALREADY_EXISTS])) throw error
  }
}

/** What somebody with the right to has to run once on a cluster. */
export const preparationCommands = (namespace: string): string[] => [
  `temporal operator namespace create --namespace ${namespace} --retention ${RETENTION_DAYS}d`,
  `temporal operator search-attribute create --namespace ${namespace} ${names
    .map((name) => `--name ${name} --type Keyword`)
    .join(' ')}`,
]

/**
 * Makes a Temporal server fit for Sluice: the namespace with its retention, and the search attributes, without which every
 * start is rejected. Run before any worker. Does nothing where all is there.
 * @returns Commands for an operator to run where this client has no right to; empty when all is well.
 */
export const prepareTemporal = async (target: TemporalTarget): Promise<string[]> => {
  const deadline = Date.now() + NAMESPACE_SPREADS_MS
  for (;;) {
    try {
      await ensureNamespace(target)
      await ensureSearchAttributes(target)
      return []
    } catch (error) {
      if (hasCode(error, NOT_ALLOWED)) return preparationCommands(target.namespace)
      if (!hasCode(error, [NOT_FOUND]) || Date.now() > deadline) throw error
      await sleep(500)
    }
  }
}
