import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { drip, type Gate } from './origin-gate.ts'
import type { Answer, Origin } from './origin.ts'

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4a': 'audio/mp4',
  '.webm': 'video/webm',
  '.mp3': 'audio/mpeg',
  '.ts': 'video/mp2t',
  '.m4s': 'video/iso.segment',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mpd': 'application/dash+xml',
}

export interface FileBehaviour {
  bytesPerSecond?: number
  /** After so many bytes of the body it only drips, until the gate is open. */
  held?: { afterBytes: number; gate: Gate }
  /** The connection is broken after so many bytes of the body. */
  cutAfterBytes?: number
  /** Content-Length says this instead of the truth. */
  claimedBytes?: number
  /** No Content-Length at all. */
  unsized?: boolean
  etag?: string
  /** Range is not looked at, and nothing vouches for the file. */
  plain?: boolean
  /** It answers, and sends nothing more after `cutAfterBytes`. */
  stalls?: boolean
  headers?: Record<string, string>
  contentType?: string
}

/** A file, with Range (RFC 9110 §14) and ETag, and with the faults it was given. */
export const file =
  (path: string, behaviour: FileBehaviour = {}): Answer =>
  async (request, response) => {
    const { size } = await stat(path)
    const etag = behaviour.etag ?? `"${size}"`
    const validator = request.headers['if-range']
    const mayRange = behaviour.plain !== true && (validator === undefined || validator === etag)
    const range = mayRange ? /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') : null
    const start = range ? Number(range[1]) : 0
    const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1
    if (start >= size && size > 0) {
      response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
      return
    }
    response.writeHead(range ? 206 : 200, {
      'content-type': behaviour.contentType ?? CONTENT_TYPES[extname(path)] ?? 'application/octet-stream',
      ...(behaviour.plain === true ? {} : { 'accept-ranges': 'bytes', etag }),
      ...(behaviour.unsized === true ? {} : { 'content-length': behaviour.claimedBytes ?? end - start + 1 }),
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
      ...behaviour.headers,
    })
    if (request.method === 'HEAD' || size === 0) {
      response.end()
      return
    }
    await send(createReadStream(path, { start, end, highWaterMark: 16 * 1024 }), response, behaviour)
  }

const send = async (
  chunks: AsyncIterable<Buffer>,
  response: ServerResponse,
  { bytesPerSecond, cutAfterBytes, claimedBytes, stalls, held }: FileBehaviour,
): Promise<void> => {
  let sent = 0
  for await (const read of chunks) {
    if (response.destroyed) return
    const isHeld = held !== undefined && sent + read.length > held.afterBytes
    const chunk = isHeld ? await drip(response, read, held.gate) : read
    sent += read.length - chunk.length
    const rest = cutAfterBytes === undefined ? chunk.length : Math.min(chunk.length, cutAfterBytes - sent)
    // The callback comes with an error when the client has gone.
    await new Promise<void>((done) => response.write(chunk.subarray(0, rest), () => done()))
    sent += rest
    if (sent === cutAfterBytes) {
      if (stalls !== true) response.destroy()
      return
    }
    if (bytesPerSecond !== undefined) await wait((1_000 * chunk.length) / bytesPerSecond)
  }
  // Fewer bytes than announced: only the end of the connection tells.
  if (claimedBytes === undefined) response.end()
  else response.destroy()
}

export const text =
  (body: string, contentType = 'text/html; charset=utf-8'): Answer =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': contentType }).end(body)

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(code, headers).end()

export const redirect = (to: string): Answer => status(302, { location: to })

/** The first answer for the first request and so on; the last one stays. */
export const inTurn = (...answers: [Answer, ...Answer[]]): Answer => {
  let turn = 0
  return (request, response) => {
    const answer = answers[Math.min(turn, answers.length - 1)] ?? answers[0]
    turn += 1
    return answer(request, response)
  }
}

/** Every file of a folder under a path: HLS and DASH outputs. */
export const folder = async (
  origin: Origin,
  path: string,
  dir: string,
  behaviour: FileBehaviour = {},
): Promise<void> => {
  for (const name of await readdir(dir)) origin.on(`${path}/${name}`, file(join(dir, name), behaviour))
}

export const videoPage = (title: string, source: string): Answer =>
  text(
    `<!doctype html><html><head><title>${title}</title></head><body><video src="${source}" controls></video></body></html>`,
  )
