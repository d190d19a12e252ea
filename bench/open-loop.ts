import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Sends requests at a steady rate whether or not answers come, in a process of its own, and prints the latencies in ms as
 * JSON. Each is counted from when it was due, so that waiting in a queue of ours is not left out.
 * Argument: JSON `{url, headers, perSecond, seconds}`; `#` in the body's address becomes a number of its own.
 */
interface Load {
  url: string
  headers: Record<string, string>
  body: string
  perSecond: number
  seconds: number
}
const load = JSON.parse(process.argv[2] ?? '') as Load
/** The first seconds open connections and warm the code up; they are sent and not counted. */
const WARM_UP_SECONDS = 2

const agent = new Agent({ keepAlive: true, maxSockets: 256 })
const latencies: number[] = []
let failures = 0

const send = (number: number, dueAt: number): Promise<void> =>
  new Promise((done) => {
    const body = load.body.replace('#', `${process.pid}-${number}`)
    const headers = { ...load.headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request(load.url, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.once('end', () => {
        if (response.statusCode !== 202) failures += 1
        if (number >= WARM_UP_SECONDS * load.perSecond) latencies.push(performance.now() - dueAt)
        done()
      })
    })
    sent.once('error', () => {
      failures += 1
      done()
    })
    sent.end(body)
  })

const total = (WARM_UP_SECONDS + load.seconds) * load.perSecond
const startAt = performance.now() + 50
const answers: Promise<void>[] = []
for (let number = 0; number < total; number += 1) {
  const dueAt = startAt + (number * 1_000) / load.perSecond
  const wait = dueAt - performance.now()
  if (wait > 0) await sleep(wait)
  answers.push(send(number, dueAt))
}
await Promise.all(answers)
agent.destroy()
console.log(JSON.stringify({ latencies, failures }))
