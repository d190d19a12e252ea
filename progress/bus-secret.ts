import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readOrCreateSecret } from './secret-file.ts'

/** What a worker shows to be let onto the progress link; made by whichever process asks first. */
export const readBusSecret = (dataDir: string): Promise<string> =>
  readOrCreateSecret(join(dataDir, 'keys', 'bus-secret'), () => randomBytes(32).toString('base64url'))

/** Path of the progress link at the API process. */
export const BUS_PATH = '/internal/bus'
