import { z } from 'zod'
import type { FileRole } from '../../contract/media.ts'
import { mediaSchema } from '../../contract/media.ts'
import { PRESET_NAMES } from '../../contract/presets.ts'
import { clientText } from '../../contract/text.ts'
import type { MediaQueries, MediaWithFiles } from '../../catalog/media.ts'
import { maySee, visibleOwner, type Principal } from '../access/principal.ts'
import type { ApiDeps } from '../deps.ts'
import { idPathSchema, pageOf, pageQuery, parseQuery, pathParameter } from '../http/parse.ts'
import { Problem } from '../http/problem.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { API_PATH } from '../links.ts'
import { toMedia } from '../media-view.ts'

const querySchema = z.strictObject({
  q: clientText(200).optional().describe('Words to find in title, uploader and site'),
  preset: z.enum(PRESET_NAMES).optional(),
  ...pageQuery,
})

/** What a card in a list shows; a long stream has thousands of other files. */
const CARD_ROLES: readonly FileRole[] = ['main', 'hls', 'dash', 'poster']

export const listMedia = (deps: ApiDeps): Route => ({
  method: 'get',
  path: `${API_PATH}/media`,
  role: 'viewer',
  operation: {
    operationId: 'listMedia',
    summary: 'The library, newest first',
    description: `Of each media the files of the roles ${CARD_ROLES.join(', ')}; the media itself lists all.`,
    tags: ['Media'],
    requestParams: { query: querySchema },
    responses: { '200': json('A page of media', pageOf(mediaSchema)), ...problems(400, 503) },
  },
  handle: async ({ request, response, principal }) => {
    const page = await deps.catalog.media.list({
      ...parseQuery(querySchema, request),
      owner: visibleOwner(principal),
    })
    const ids = page.items.map(({ id }) => id)
    const files = await deps.catalog.media.filesByRole(ids, CARD_ROLES)
    const items = page.items.map((media) => toMedia(media, files.get(media.id) ?? [], deps.links))
    response.json({ items, nextCursor: page.nextCursor })
  },
})

export const getMedia = (deps: ApiDeps): Route => ({
  method: 'get',
  path: `${API_PATH}/media/{id}`,
  role: 'viewer',
  operation: {
    operationId: 'getMedia',
    summary: 'One media with all its files',
    tags: ['Media'],
    requestParams: { path: idPathSchema },
    responses: { '200': json('The media', mediaSchema), ...problems(404, 503) },
  },
  handle: async ({ request, response, principal }) => {
    const media = await visibleMedia(deps.catalog.media, { id: pathParameter(request, 'id'), principal })
    response.json(toMedia(media, media.files, deps.links))
  },
})

/** The catalog forgets it first, so that nobody is offered files that are going. */
export const deleteMedia = (deps: ApiDeps): Route => ({
  method: 'delete',
  path: `${API_PATH}/media/{id}`,
  role: 'editor',
  operation: {
    operationId: 'deleteMedia',
    summary: 'Delete a media and its files',
    tags: ['Media'],
    requestParams: { path: idPathSchema },
    responses: { '204': { description: 'Deleted' }, ...problems(404, 503) },
  },
  handle: async ({ request, response, principal }) => {
    const media = await visibleMedia(deps.catalog.media, { id: pathParameter(request, 'id'), principal })
    if (!(await deps.removals.removeMedia(media.id))) throw new Problem('MediaNotFound')
    response.status(204).end()
  },
})

const visibleMedia = async (
  media: Pick<MediaQueries, 'get'>,
  { id, principal }: { id: string; principal: Principal },
): Promise<MediaWithFiles> => {
  const found = await media.get(id)
  if (found && maySee(principal, found.owner)) return found
  throw new Problem('MediaNotFound')
}
