import type { z } from 'zod'
import { createSchema } from 'zod-openapi'
import { clientMessageSchema, serverMessageSchema, SOCKET_LIMITS, SOCKET_PROTOCOL } from '../contract/socket.ts'
import { API_PATH } from './links.ts'

/** What each message is for; a type without an entry would not compile. */
const SUMMARIES: Record<MessageType, string> = {
  subscribe: 'Hear of these jobs, or of all that have not ended and all to come',
  unsubscribe: 'Hear of these jobs no more',
  ping: 'Ask for a pong',
  subscribed: 'Which jobs are subscribed now, and which do not exist for this client',
  snapshot: 'A subscribed job, whole, as `GET /jobs/{id}` gives it',
  progress: 'A reading of one part of one step; drop it when its `seq` is older than one you have',
  state: 'A job has a new revision; one message for each step that changed, all of the same revision',
  removed: 'The job was deleted',
  pong: 'The answer to ping',
  error: 'A message was not understood, or could not be served',
}
type MessageType = (z.infer<typeof clientMessageSchema> | z.infer<typeof serverMessageSchema>)['type']

/** The AsyncAPI 3.0 document of the progress socket, from the schemas that check its messages. */
export const createAsyncApiDocument = ({ version }: { version: string }) => {
  const schemas: Record<string, unknown> = {}
  const messages: Record<string, unknown> = {}
  const describe = (options: readonly z.ZodObject<{ type: z.ZodLiteral<MessageType> }>[], io: 'input' | 'output') => {
    const references: { $ref: string }[] = []
    for (const option of options) {
      const name = option.shape.type.value
      const { schema, components } = createSchema(option, { io, schemaRefPath: '#/components/schemas/' })
      Object.assign(schemas, components)
      messages[name] = { name, title: name, summary: SUMMARIES[name], contentType: 'application/json', payload: schema }
      references.push({ $ref: `#/channels/progress/messages/${name}` })
    }
    return references
  }
  const fromClient = describe(clientMessageSchema.options, 'input')
  const fromServer = describe(serverMessageSchema.options, 'output')
  const channelMessages = Object.fromEntries(
    Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
  )
  return {
    asyncapi: '3.0.0',
    info: { title: 'Sluice progress', version, description: DESCRIPTION, license: { name: 'MIT' } },
    defaultContentType: 'application/json',
    channels: {
      progress: {
        address: `${API_PATH}/progress`,
        title: 'The progress socket',
        messages: channelMessages,
        bindings: {
          ws: {
            method: 'GET',
            query: { type: 'object', properties: { ticket: { type: 'string' } } },
            bindingVersion: '0.1.0',
          },
        },
      },
    },
    operations: {
      hear: { action: 'receive', channel: { $ref: '#/channels/progress' }, messages: fromClient },
      tell: { action: 'send', channel: { $ref: '#/channels/progress' }, messages: fromServer },
    },
    components: { schemas, messages },
  }
}

const DESCRIPTION = `Subprotocol \`${SOCKET_PROTOCOL}\`; one JSON object a message. Sign in by \`Authorization: Bearer\`, by the
session cookie, or by a one-use ticket (\`POST ${API_PATH}/progress/tickets\`, then \`?ticket=\`, within
${SOCKET_LIMITS.ticketTtlMs / 1_000} s).

The server pings every ${SOCKET_LIMITS.pingEveryMs / 1_000} s and closes after ${SOCKET_LIMITS.missedPongs} misses. A message of more than
${SOCKET_LIMITS.messageBytes / 1_024} KiB closes the socket with 1009, more than ${SOCKET_LIMITS.bufferedBytes / 1_024 / 1_024} MiB unsent with 1013. A
subscription takes ${SOCKET_LIMITS.subscriptionIds} ids; \`all\` begins with at most ${SOCKET_LIMITS.allSnapshots} snapshots.`
