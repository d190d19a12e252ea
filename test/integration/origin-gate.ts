import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/** So that a test decides how long a download lasts, and not the machine. */
export interface Gate {
  opened: Promise<void>
  open(): void
}

export const createGate = (): Gate => {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

/** Nobody takes so much for silence, and no clip is over by it before its test is. */
const DRIP_BYTES = 16
const DRIP_EVERY_MS = 200

/** Sends a body drop by drop until the gate is open, and returns what is left of it then. */
export const drip = async (response: ServerResponse, body: Buffer, { opened }: Gate): Promise<Buffer> => {
  let isOpen = false
  void opened.then(() => (isOpen = true))
  // Whoever asked anew finds it open already.
  await Promise.race([opened, wait(0)])
  let rest = body
  while (!isOpen && rest.length > DRIP_BYTES && !response.destroyed) {
    const drop = rest.subarray(0, DRIP_BYTES)
    await new Promise<void>((done) => response.write(drop, () => done()))
    rest = rest.subarray(DRIP_BYTES)
    await Promise.race([opened, wait(DRIP_EVERY_MS, undefined, { ref: false })])
  }
  return rest
}
