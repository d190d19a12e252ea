import { z } from 'zod'
import { infoSchema } from '../../contract/media.ts'
import { clientText } from '../../contract/text.ts'
import { TemporalAway } from '../../dispatch/temporal-errors.ts'
import type { ApiDeps } from '../deps.ts'
import { parseBody } from '../http/parse.ts'
import { Problem } from '../http/problem.ts'
import { createRateLimit } from '../http/rate-limit.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { API_PATH } from '../links.ts'
import { parseSourceUrl } from '../../contract/source-url.ts'

const bodySchema = z.strictObject({ url: clientText(4_096).min(1) }).meta({ id: 'InfoRequest' })

/** A question costs a site a visit and us a second of CPU; a person who compares some videos stays below this. */
const QUESTIONS_AT_ONCE = 20
const QUESTION_EVERY_MS = 3_000

/** Titles and formats seldom change; who asks again within the hour means the same thing. */
const KEPT_MS = 3_600_000
/** A live stream ends, and is a recording then. */
const LIVE_KEPT_MS = 60_000

/** What is at an address, without fetching it. Answers that are known still are not counted. */
export const getInfo = (deps: ApiDeps): Route => {
  const count = createRateLimit({ burst: QUESTIONS_AT_ONCE, everyMs: QUESTION_EVERY_MS })
  return {
    method: 'post',
    path: `${API_PATH}/info`,
    role: 'editor',
    bodyBytes: 16 * 1024,
    operation: {
      operationId: 'getInfo',
      summary: 'Ask what is at an address: title, duration, formats',
      description: 'Takes up to 30 s; asked again it comes from the cache.',
      tags: ['Info'],
      requestBody: { required: true, content: { 'application/json': { schema: bodySchema } } },
      responses: {
        '200': json('What the source says', infoSchema),
        ...problems(400, 403, 404, 415, 422, 429, 502, 503, 504),
      },
    },
    handle: async ({ request, response, principal }) => {
      const { url, normalised } = parseSourceUrl(parseBody(bodySchema, request).url)
      const known = await deps.catalog.infoCache.get(normalised, Date.now())
      if (known) {
        response.json(known)
        return
      }
      count(principal.subject)
      const info = await deps.dispatch.info({ url, owner: principal.subject }).catch((error: unknown) => {
        if (error instanceof TemporalAway) throw new Problem('NotReady', 'Temporal does not answer.', { cause: error })
        throw error
      })
      await deps.catalog.infoCache.put(normalised, info, Date.now() + (info.live ? LIVE_KEPT_MS : KEPT_MS))
      response.json(info)
    },
  }
}
