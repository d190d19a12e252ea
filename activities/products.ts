import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FILE_ROLES } from '../contract/media.ts'
import type { ProductFile, Products } from '../contract/steps.ts'
import type { StepDeps } from './step.ts'

/** A file in a folder of results, before it is stored. */
export interface MadeProduct extends Omit<ProductFile, 'key' | 'sizeBytes'> {
  /** Path within the folder. */
  file: string
}

const LIST = 'products.json'

const listSchema = z.array(
  z.object({
    key: z.string(),
    path: z.string(),
    role: z.enum(FILE_ROLES),
    contentType: z.string(),
    sizeBytes: z.number(),
    width: z.number().nullable(),
    height: z.number().nullable(),
  }),
)

/** What an earlier attempt stored under this key; null when none finished. */
export const findProducts = async ({ store }: StepDeps, key: string): Promise<Products | null> => {
  if ((await store.find(`${key}/${LIST}`)) === null) return null
  const text = await readFile(await store.read(`${key}/${LIST}`), 'utf8')
  return { files: listSchema.parse(JSON.parse(text)) }
}

/** Stores the folder with its list of products as one. */
export const commitProducts = async (
  { store }: StepDeps,
  { dir, key, made }: { dir: string; key: string; made: readonly MadeProduct[] },
): Promise<Products> => {
  const files = await Promise.all(
    made.map(async ({ file, ...product }): Promise<ProductFile> => {
      const { size } = await stat(join(dir, file))
      return { ...product, key: `${key}/${file}`, sizeBytes: size }
    }),
  )
  await writeFile(join(dir, LIST), JSON.stringify(files))
  await store.commit(dir, key)
  return { files }
}
