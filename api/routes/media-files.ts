import { extname } from 'node:path'
import type { Response } from 'express'
import { z } from 'zod'
import type { MediaFileRow } from '../../catalog/media.ts'
import { visibleOwner } from '../access/principal.ts'
import { FILE_POLICY } from '../access/security-headers.ts'
import type { ApiDeps } from '../deps.ts'
import { heedableRange } from '../http/byte-range.ts'
import { pathParameter } from '../http/parse.ts'
import { Problem } from '../http/problem.ts'
import { problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { API_PATH } from '../links.ts'

/** Types that players insist on, whatever was recorded (RFC 8216 §4, ISO/IEC 23009-1 §C, W3C WebVTT). */
const TYPES: Readonly<Record<string, string>> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mpd': 'application/dash+xml',
  '.vtt': 'text/vtt; charset=utf-8',
  '.webp': 'image/webp',
}

/** Published files never change under their name: a media that is made again gets another id. */
const CACHE_CONTROL = 'private, max-age=86400'

/** A file of a media: only what the catalog lists is ever opened, so a path cannot lead anywhere else. */
export const getMediaFile = (deps: ApiDeps): Route => ({
  method: 'get',
  path: `${API_PATH}/media/{id}/files/{path}`,
  role: 'viewer',
  operation: {
    operationId: 'getMediaFile',
    summary: 'One file of a media, or a range of it',
    description: '`path` may have several parts: relative addresses within HLS and DASH manifests lead here.',
    tags: ['Media'],
    requestParams: {
      path: z.object({ id: z.string(), path: z.string() }),
      header: z.object({ Range: z.string().optional(), 'If-None-Match': z.string().optional() }),
    },
    responses: {
      '200': { description: 'The file', content: { '*/*': {} } },
      '206': { description: 'The range of it', content: { '*/*': {} } },
      '304': { description: 'The client has it' },
      ...problems(404, 412, 416, 503),
    },
  },
  handle: async ({ request, response, principal }) => {
    const id = pathParameter(request, 'id')
    const file = await deps.catalog.media.getFile(id, pathParameter(request, 'path'))
    const owner = visibleOwner(principal)
    // Players ask for hundreds of segments: the media itself is read only where it decides.
    const visible = owner === null || (await deps.catalog.media.get(id))?.owner === owner
    if (!file || !visible) throw new Problem('FileNotFound')
    setFileHeaders(response, file)
    const range = heedableRange(request.method, request.headers.range, file.sizeBytes)
    if (range === undefined) delete request.headers.range
    else request.headers.range = range
    await send(response, { root: deps.config.libraryDir, path: file.libraryPath })
  },
})

const setFileHeaders = (response: Response, file: MediaFileRow): void => {
  response.setHeader('Content-Type', TYPES[extname(file.path).toLowerCase()] ?? file.contentType)
  response.setHeader('Content-Security-Policy', FILE_POLICY)
  response.setHeader('Cache-Control', CACHE_CONTROL)
  if (file.sha256) response.setHeader('ETag', `"${file.sha256}"`)
}

/** Ranges and conditions are the business of `send` (RFC 9110 §13, §14); a client that leaves early is no error. */
const send = (response: Response, { root, path }: { root: string; path: string }): Promise<void> =>
  new Promise((resolve, reject) => {
    response.sendFile(path, { root, dotfiles: 'allow', cacheControl: false }, (error?: Error) => {
      if (!error || response.headersSent || response.destroyed) resolve()
      else reject(error)
    })
  })
