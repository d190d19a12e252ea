import { z } from 'zod'

/** What a running Sluice says of itself in `instance.json` in its data directory, for the command line on the same machine. */
export const instanceSchema = z.object({
  /** The supervisor. */
  pid: z.int(),
  startedAt: z.iso.datetime(),
  /** Address of the API and the page on this machine, without a slash at its end. */
  url: z.url(),
  temporalAddress: z.string(),
  temporalUiUrl: z.string().nullable(),
  /** Absolute paths. */
  libraryDir: z.string(),
  importDir: z.string(),
  processes: z.array(
    z.object({
      name: z.string(),
      pid: z.int(),
      /** Start time and command line: a process id alone may have passed to another process. */
      identity: z.string(),
    }),
  ),
})
export type Instance = z.infer<typeof instanceSchema>

/** Both within the data directory. */
export const INSTANCE_FILE = 'instance.json'
export const OWNER_TOKEN_FILE = 'keys/owner-token'
