import { z } from 'zod'
import { PRESET_NAMES, PRESETS } from '../../contract/presets.ts'
import { VIDEO_CODECS } from '../../contract/qualities.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { API_PATH } from '../links.ts'

const presetSchema = z
  .object({
    name: z.enum(PRESET_NAMES),
    title: z.string(),
    description: z.string(),
    video: z.enum(['source', ...VIDEO_CODECS, 'none']),
    audio: z.enum(['source', 'aac', 'opus', 'choice']),
    delivery: z.enum(['file', 'stream']),
    container: z.enum(['mp4', 'webm', 'mkv']).nullable().describe('Null where the source or an option decides'),
    maxHeight: z.int().nullable(),
  })
  .meta({ id: 'Preset' })

/** How a source is asked for is the downloader's business, so formats are left out. */
const presets = PRESET_NAMES.map((name) => presetSchema.parse(PRESETS[name]))

export const listPresets = (): Route => ({
  method: 'get',
  path: `${API_PATH}/presets`,
  role: 'viewer',
  operation: {
    operationId: 'listPresets',
    summary: 'What can be made of a source',
    tags: ['Presets'],
    responses: {
      '200': json('All presets', z.object({ items: z.array(presetSchema), nextCursor: z.null() })),
      ...problems(),
    },
  },
  handle: ({ response }) => {
    response.json({ items: presets, nextCursor: null })
  },
})
