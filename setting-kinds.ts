import { isIP } from 'node:net'
import { z } from 'zod'
import { parseSize } from './contract/size-text.ts'
import { isAddressEntry } from './tools/egress-address.ts'

// The kinds of values that settings take, each with its own sentence where a value is none.

export const whole = (min: number, max: number) =>
  z
    .string()
    .refine(
      (text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max,
      `must be a whole number from ${min} to ${max}`,
    )
    .transform(Number)
export const port = whole(0, 65_535)
export const count = whole(1, 1_000)
export const size = z
  .string()
  .refine((text) => parseSize(text) !== null, 'must be a size, as in 500G or 2T')
  .transform((text) => parseSize(text) ?? 0)
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)
export const allowedAddresses = list.superRefine((entries, context) => {
  const wrong = entries.filter((entry) => !isAddressEntry(entry))
  if (wrong.length > 0) context.addIssue(`not an address or network: ${wrong.join(', ')}`)
})
export const path = z.string().min(1)

const hostName = (text: string): boolean => isIP(text) !== 0 || /^[a-z\d_]([\w.-]*[a-z\d_.])?$/i.test(text)
export const host = z.string().refine(hostName, 'must be an address or a name, without a port')

const isHostPort = (text: string): boolean => {
  const [, bracketed, plain, portText] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const isHost = bracketed === undefined ? plain !== undefined && hostName(plain) : isIP(bracketed) === 6
  return isHost && Number(portText) >= 1 && Number(portText) <= 65_535
}
export const hostPort = z.string().refine(isHostPort, 'must be host:port, as in temporal.example.org:7233')

/** An address to which paths are appended: what follows a path would come in between. */
export const address = (...schemes: string[]) =>
  z.string().refine(
    (text) => {
      if (!URL.canParse(text)) return false
      const { protocol, hostname, username, password } = new URL(text)
      const isPlain = hostname !== '' && username + password === '' && !/[?#]/.test(text)
      return isPlain && schemes.includes(protocol.slice(0, -1))
    },
    `must be an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}, without user, query or #`,
  )
