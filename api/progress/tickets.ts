import { randomBytes } from 'node:crypto'
import { SOCKET_LIMITS } from '../../contract/socket.ts'
import type { Principal } from '../access/principal.ts'

/** One-use tickets for clients that cannot send a header with a WebSocket and have no cookie. */
export interface Tickets {
  /** `expiresAt`: epoch ms. */
  issue(principal: Principal): { ticket: string; expiresAt: number }
  /** Whom the ticket was given to; null when it is unknown, used or too old. */
  redeem(ticket: string): Principal | null
}

/** More than anybody opens within 30 s; beyond it the oldest go. */
const MAX_TICKETS = 10_000

export const createTickets = (now: () => number = Date.now): Tickets => {
  const open = new Map<string, { principal: Principal; expiresAt: number }>()

  const dropOld = () => {
    for (const [ticket, { expiresAt }] of open) {
      if (expiresAt > now() && open.size <= MAX_TICKETS) return
      open.delete(ticket)
    }
  }
  return {
    issue: (principal) => {
      const ticket = randomBytes(24).toString('base64url')
      const expiresAt = now() + SOCKET_LIMITS.ticketTtlMs
      open.set(ticket, { principal, expiresAt })
      dropOld()
      return { ticket, expiresAt }
    },
    redeem: (ticket) => {
      const found = open.get(ticket)
      open.delete(ticket)
      return found && found.expiresAt > now() ? found.principal : null
    },
  }
}
