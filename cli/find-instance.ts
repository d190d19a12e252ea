import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { INSTANCE_FILE, instanceSchema, OWNER_TOKEN_FILE, type Instance } from '../contract/instance.ts'
import type { ApiAddress } from './api-client.ts'

export interface FoundInstance extends ApiAddress {
  instance: Instance
}

const read = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // ENOTDIR: what was taken for the data directory is a file.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw error
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** The instance that runs on this machine with that data directory; null where none does. */
export const findInstance = (dataDir: string): FoundInstance | null => {
  const text = read(join(dataDir, INSTANCE_FILE))
  const token = read(join(dataDir, OWNER_TOKEN_FILE))
  if (text === null || token === null) return null
  const parsed = instanceSchema.safeParse(JSON.parse(text))
  if (!parsed.success || !isAlive(parsed.data.pid)) return null
  return { url: parsed.data.url, token: token.trim(), instance: parsed.data }
}
