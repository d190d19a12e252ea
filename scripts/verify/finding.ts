/** What can be wrong, what that means for people, and who puts it right. */
export interface FindingKind {
  /** What was found, in the plural: the heading in the report. */
  readonly title: string
  /** What `--repair` does about it; null: a person has to. */
  readonly repair: string | null
  /** What a person does where a repair is not possible. */
  readonly advice: string
  /** Said, but nothing is wrong. */
  readonly harmless?: true
}

const RESTORE = 'put the file back from a backup, or delete the media and submit its source again'

export const FINDING_KINDS = {
  missing: { title: 'files that the catalog lists and the library does not have', repair: null, advice: RESTORE },
  size: { title: 'files of another size than they were published with', repair: null, advice: RESTORE },
  checksum: { title: 'files with another content than they were published with', repair: null, advice: RESTORE },
  extra: {
    title: 'files in the library that the catalog does not list',
    repair: 'moves them to .quarantine in the library',
    advice: 'move them elsewhere',
  },
  incoming: {
    title: 'leftovers of media that never came into the library',
    repair: 'moves them to .quarantine in the library',
    advice: 'delete them',
  },
  mediaWithoutFiles: {
    title: 'media without files',
    repair: null,
    advice: 'delete the media and submit its source again',
  },
  mediaWithoutPath: {
    title: 'media whose name in the library is not reserved',
    repair: 'reserves it',
    advice: 'run this with --repair',
  },
  pathWithoutMedia: {
    title: 'names in the library that are reserved for media which are not there',
    repair: 'frees them',
    advice: 'run this with --repair',
  },
  filesWithoutMedia: {
    title: 'rows of files whose media is not there',
    repair: 'writes them to a file in quarantine and removes them',
    advice: 'run this with --repair',
  },
  scratch: {
    title: 'scratch folders that nobody works in',
    repair: 'moves them to quarantine in the data directory',
    advice: 'delete them',
  },
  work: {
    title: 'files between steps of jobs that have ended, or that the catalog does not know',
    repair: 'moves them to quarantine in the data directory',
    advice: 'delete them',
  },
  resultWithoutMedia: {
    title: 'jobs whose media were deleted since',
    repair: null,
    advice: 'nothing is to be done',
    harmless: true,
  },
} as const satisfies Record<string, FindingKind>

export type FindingName = keyof typeof FINDING_KINDS
export const FINDING_NAMES = Object.keys(FINDING_KINDS) as FindingName[]

export interface Finding {
  kind: FindingName
  /** What is concerned: a path under the library or the data directory, with forward slashes, or an id. Unique within its kind. */
  where: string
  /** More about it, for people. */
  detail: string
  mediaId?: string
}

export const isHarmless = ({ kind }: Finding): boolean => 'harmless' in FINDING_KINDS[kind]
export const canRepair = ({ kind }: Finding): boolean => FINDING_KINDS[kind].repair !== null
