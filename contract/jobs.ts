import { z } from 'zod'
import { FAILURES, type FailureCode } from './failures.ts'
import { LOUDNESS_TARGET } from './loudness.ts'
import { JOB_ACTIONS, JOB_KINDS, JOB_STATES, PRIORITIES, STEP_NAMES, STEP_STATES, WAITING_FOR } from './names.ts'
import { AUDIO_FORMATS, DEFAULT_PRESET, HEIGHT_LIMITS, idleOptions, PRESET_NAMES } from './presets.ts'
import { clientText } from './text.ts'

export const failureSchema = z.object({
  code: z.enum(Object.keys(FAILURES) as [FailureCode, ...FailureCode[]]),
  message: z.string(),
  step: z.string().nullable(),
  retryable: z.boolean(),
  help: z.string(),
})

const percent = z.number().min(0).max(100).nullable().describe('0–100 with one decimal; null where the size is unknown')
const time = z.iso.datetime().describe('RFC 3339, UTC')

export const stepSchema = z.object({
  name: z.enum(STEP_NAMES),
  state: z.enum(STEP_STATES),
  percent,
  attempt: z.int().min(0),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  error: failureSchema.nullable(),
})
export type Step = z.infer<typeof stepSchema>

/** One complaint is enough: what is no whole number is not too large besides. */
const whole = z.int({ abort: true })

export const jobOptionsSchema = z
  .strictObject({
    maxHeight: whole
      .min(HEIGHT_LIMITS.min)
      .max(HEIGHT_LIMITS.max)
      .optional()
      .describe('Cap of the shorter displayed side, in pixels; not for the preset `audio`'),
    maxSizeBytes: whole.min(1).optional().describe('Largest acceptable download, in bytes'),
    keepSource: z.boolean().optional().describe('Keep the downloaded file in the library too'),
    loudness: z
      .boolean()
      .optional()
      .describe(
        `Bring the sound to ${LOUDNESS_TARGET.integratedLufs} LUFS (EBU R 128) with peaks of at most ${LOUDNESS_TARGET.truePeakDbtp} dBTP; on for the preset \`audio\` unless false, off for others; not for \`original\``,
      ),
    startMs: whole
      .min(0)
      .optional()
      .describe(
        'Leave out what comes before, in milliseconds. The first frame is the one shown then, or the next; with `original` the last keyframe before',
      ),
    endMs: whole.min(1).optional().describe('Leave out what comes from there on, in milliseconds'),
    audioFormat: z.enum(AUDIO_FORMATS).optional().describe('For the preset `audio` alone'),
  })
  .meta({ id: 'JobOptions' })

export const jobResultSchema = z.object({
  mediaIds: z.array(z.string()),
  reused: z.boolean().describe('True where the media were already there'),
})
export type JobResult = z.infer<typeof jobResultSchema>

export const jobSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(JOB_KINDS),
    state: z.enum(JOB_STATES),
    waitingFor: z
      .enum(WAITING_FOR)
      .nullable()
      .describe('While `state` is `waiting`; `error` then says what is missing'),
    cancelRequested: z.boolean(),
    pauseRequested: z.boolean().describe('True until it is resumed; `state` says whether it rests already'),
    percent,
    preset: z.enum(PRESET_NAMES),
    options: jobOptionsSchema,
    priority: z.int().min(PRIORITIES.urgent).max(PRIORITIES.last),
    source: z.object({
      url: z.string().nullable(),
      file: z.string().nullable(),
      title: z.string().nullable(),
      site: z.string().nullable(),
    }),
    passthrough: z.string().nullable(),
    steps: z.array(stepSchema),
    error: failureSchema.nullable(),
    result: jobResultSchema.nullable(),
    revision: z.int().describe('Grows with every change of state or step'),
    run: z.int().min(1).describe('1, and one more for each retry'),
    parentId: z.string().nullable(),
    owner: z.string(),
    links: z.object({ self: z.string(), temporal: z.string(), media: z.array(z.string()) }),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Job' })
export type Job = z.infer<typeof jobSchema>

const priority = whole.min(PRIORITIES.urgent).max(PRIORITIES.last).describe('1 is urgent, 5 has time')

/** Body of `POST /jobs`, one job. Exactly one of `url` and `file`. */
export const newJobSchema = z
  .strictObject({
    kind: z.literal('ingest').default('ingest'),
    url: clientText(4096).min(1).optional().describe('An http or https address of one video or audio recording'),
    file: clientText(4096).min(1).optional().describe('A path under the import folder'),
    preset: z.enum(PRESET_NAMES).default(DEFAULT_PRESET),
    priority: priority.default(PRIORITIES.usual),
    force: z.boolean().default(false).describe('Do it again even where the media are already there'),
    passthrough: clientText(255).nullable().default(null).describe('Your own words, echoed wherever the job is'),
    options: jobOptionsSchema.default({}),
  })
  .refine((job) => (job.url === undefined) !== (job.file === undefined), {
    message: 'give exactly one of url and file',
    path: ['url'],
  })
  .superRefine(({ preset, options }, context) => {
    for (const { option, why } of idleOptions(preset, options)) {
      context.addIssue({ code: 'custom', path: ['options', option], message: `means nothing here: ${why}` })
    }
    if (options.endMs !== undefined && options.endMs <= (options.startMs ?? 0)) {
      context.addIssue({ code: 'custom', path: ['options', 'endMs'], message: 'has to lie after startMs' })
    }
  })
  .meta({ id: 'NewJob' })
export type NewJob = z.infer<typeof newJobSchema>

/** Body of `PATCH /jobs/{id}`. */
export const jobChangeSchema = z.strictObject({ priority }).meta({ id: 'JobChange' })

export const MAX_JOBS_PER_REQUEST = 1_000

/** Which jobs: those that fit all that is said. */
const jobFilterSchema = z
  .strictObject({
    state: z.array(z.enum(JOB_STATES)).min(1).optional(),
    kind: z.enum(JOB_KINDS).optional(),
    q: clientText(200).optional().describe('Words to find in title, address, file and site'),
    site: clientText(253).optional(),
    parent: z.uuid().optional(),
  })
  .refine((filter) => Object.values(filter).some((value) => value !== undefined), {
    message: 'say at least one thing about the jobs that are meant',
  })
  .meta({ id: 'JobFilter' })

/** Body of `POST /jobs/actions`. Exactly one of `ids` and `filter`. */
export const jobActionSchema = z
  .strictObject({
    action: z.enum(JOB_ACTIONS),
    priority: priority.optional().describe('With the action `prioritise`, and no other'),
    ids: z.array(clientText(100)).min(1).max(MAX_JOBS_PER_REQUEST).optional(),
    filter: jobFilterSchema.optional(),
    cursor: clientText(1_000).optional().describe('With `filter`: `nextCursor` of the answer before'),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    message: 'give exactly one of ids and filter',
    path: ['ids'],
  })
  .refine(({ action, priority: given }) => action !== 'prioritise' || given !== undefined, {
    message: 'is missing: the action prioritise needs it',
    path: ['priority'],
  })
  .refine(({ action, priority: given }) => action === 'prioritise' || given === undefined, {
    message: 'goes with the action prioritise, and with no other',
    path: ['priority'],
  })
  .refine(({ filter, cursor }) => cursor === undefined || filter !== undefined, {
    message: 'goes with a filter',
    path: ['cursor'],
  })
  .meta({ id: 'JobAction' })
export type JobActionRequest = z.infer<typeof jobActionSchema>
