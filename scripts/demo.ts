import { createReadStream, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { runTool } from '../tools/spawn.ts'
import { makeDataDirectory } from './data-directory.ts'

const SECONDS = 8
const PAGE = `<!doctype html><title>Sluice demonstration</title><video src="/demonstration.mp4" controls></video>`

export interface DemoOrigin {
  /** A page with a video in it. */
  url: string
  /** As SLUICE_ALLOW_ADDRESSES has it: loopback is refused otherwise. */
  address: string
  close(): Promise<void>
}

/** MPEG-4 Part 2, which browsers do not play: so that the demonstration shows an encode. */
const makeClip = async (ffmpeg: string, path: string, signal: AbortSignal): Promise<void> => {
  const sources = [`testsrc2=size=1280x720:rate=30:duration=${SECONDS}`, `sine=frequency=440:duration=${SECONDS}`]
  const inputs = sources.flatMap((source) => ['-f', 'lavfi', '-i', source])
  const codecs = ['-c:v', 'mpeg4', '-q:v', '4', '-c:a', 'aac', '-movflags', '+faststart']
  await runTool({ tool: 'ffmpeg', path: ffmpeg, args: ['-nostdin', '-v', 'error', ...inputs, ...codecs, path], signal })
}

const serve = (clip: string) => (request: IncomingMessage, response: ServerResponse) => {
  if (request.url !== '/demonstration.mp4') {
    response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' })
    response.end(request.url === '/' ? PAGE : '')
    return
  }
  response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': statSync(clip).size })
  if (request.method === 'HEAD') response.end()
  else createReadStream(clip).pipe(response)
}

/** A clip that ffmpeg generates, on a page of a server on this machine: a source that needs no network. */
export const openDemoOrigin = async (options: {
  ffmpeg: string
  dataDir: string
  signal: AbortSignal
}): Promise<DemoOrigin> => {
  const { ffmpeg, dataDir, signal } = options
  makeDataDirectory(dataDir)
  const folder = await mkdtemp(join(dataDir, 'demo-origin-'))
  const clip = join(folder, 'demonstration.mp4')
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await makeClip(ffmpeg, clip, signal)
    const server = createServer(serve(clip))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    const listening = server.address()
    if (typeof listening !== 'object' || listening === null) throw new Error('the origin has no port')
    const address = `127.0.0.1:${listening.port}`
    const close = async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await remove()
    }
    return { url: `http://${address}/`, address, close }
  } catch (error) {
    await remove()
    throw error
  }
}
