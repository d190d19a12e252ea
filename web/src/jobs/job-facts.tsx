import { Link } from 'wouter'
import { clockTime } from '../../../contract/clock-time.ts'
import type { Job } from '../../../contract/jobs.ts'
import { isEnded, PRIORITIES } from '../../../contract/names.ts'
import { PRESETS } from '../../../contract/presets.ts'
import { Facts } from '../design/facts.tsx'
import { TimeAgo } from '../design/time-ago.tsx'
import { formatBytes, formatSpan } from '../design/units.ts'
import { PrioritySelect } from './priority-select.tsx'

const partWords = ({ startMs = 0, endMs }: Job['options']): string | null => {
  if (startMs === 0 && endMs === undefined) return null
  return endMs === undefined ? `from ${clockTime(startMs)}` : `${clockTime(startMs)}–${clockTime(endMs)}`
}

const optionWords = ({ preset, options }: Job): string | null => {
  const words = [
    options.maxHeight === undefined ? null : `at most ${options.maxHeight}p`,
    options.maxSizeBytes === undefined ? null : `at most ${formatBytes(options.maxSizeBytes)}`,
    partWords(options),
    options.keepSource ? 'source is kept' : null,
    options.loudness === undefined ? null : options.loudness ? 'at one loudness' : 'as loud as the source',
    preset === 'audio' && options.audioFormat !== undefined ? options.audioFormat : null,
  ].filter((word) => word !== null)
  return words.length === 0 ? null : words.join(', ')
}

/** Epoch ms from the first step's start to the last one's end; null before that. */
const tookMs = (job: Job): number | null => {
  const starts = job.steps.flatMap(({ startedAt }) => (startedAt === null ? [] : [Date.parse(startedAt)]))
  const ends = job.steps.flatMap(({ endedAt }) => (endedAt === null ? [] : [Date.parse(endedAt)]))
  return job.state === 'succeeded' && starts.length > 0 && ends.length > 0
    ? Math.max(...ends) - Math.min(...starts)
    : null
}

export const JobFacts = ({ job }: { job: Job }) => {
  const took = tookMs(job)
  return (
    <Facts
      facts={[
        [
          'Source',
          job.source.url === null ? (
            job.source.file
          ) : (
            <a key="source" href={job.source.url}>
              {job.source.url}
            </a>
          ),
        ],
        ['Site', job.source.site],
        ['Preset', PRESETS[job.preset].title],
        ['Options', optionWords(job)],
        ['Priority', priorityOf(job)],
        ['Note', job.passthrough],
        ['Accepted', <TimeAgo key="accepted" time={job.createdAt} />],
        ['Took', took === null ? null : formatSpan(took)],
        ['Run', job.run === 1 ? null : String(job.run)],
        ['Media', mediaLinks(job)],
        ['Job', <code key="id">{job.id}</code>],
      ]}
    />
  )
}

const priorityOf = (job: Job) => {
  if (!isEnded(job.state)) return <PrioritySelect key="priority" job={job} />
  return job.priority === PRIORITIES.usual ? null : String(job.priority)
}

const mediaLinks = (job: Job) => {
  const ids = job.result?.mediaIds ?? []
  if (ids.length === 0) return null
  return ids.map((id, index) => (
    <Link key={id} href={`/library/${id}`}>
      {ids.length === 1 ? 'In the library' : `In the library, ${index + 1}`}
    </Link>
  ))
}
