import { Link } from 'wouter'
import type { Media, StreamSummary } from '../../../contract/media.ts'
import { PRESETS } from '../../../contract/presets.ts'
import { Facts } from '../design/facts.tsx'
import { TimeAgo } from '../design/time-ago.tsx'
import { formatBitrate, formatBytes, formatClock } from '../design/units.ts'

const streamWords = (stream: StreamSummary): string =>
  [
    stream.profile === null ? stream.codec : `${stream.codec} ${stream.profile}`,
    stream.width === null ? null : `${stream.width}×${stream.height}`,
    stream.frameRate === null ? null : `${Number(stream.frameRate.toFixed(2))} frames/s`,
    stream.sampleRateHz === null ? null : `${stream.sampleRateHz / 1000} kHz`,
    stream.channels === null ? null : `${stream.channels} ch`,
    stream.bitrateBps === null ? null : formatBitrate(stream.bitrateBps),
    stream.language,
  ]
    .filter((word) => word !== null)
    .join(' · ')

const STREAM_WORDS = { video: 'Video', audio: 'Audio', subtitle: 'Subtitles', other: 'Other' } as const

/** Of the source, whatever was made of it. */
const loudnessWords = ({ probe }: Media): string | null => {
  if (!probe?.loudness) return null
  const { integratedLufs } = probe.loudness
  return integratedLufs === null ? 'silent' : `${integratedLufs.toFixed(1)} LUFS in the source`
}

/** What the media is and where it came from; streams are those of the source that was probed. */
export const MediaDetails = ({ media }: { media: Media }) => (
  <Facts
    facts={[
      ['Uploader', media.uploader],
      [
        'Source',
        media.sourceUrl === null ? null : (
          <a key="source" href={media.sourceUrl}>
            {media.sourceUrl}
          </a>
        ),
      ],
      ['Preset', PRESETS[media.preset].title],
      ['Duration', media.durationMs === null ? null : formatClock(media.durationMs)],
      ['Size', formatBytes(media.sizeBytes)],
      ['Container', media.probe?.container ?? null],
      ...(media.probe?.streams ?? []).map(
        (stream) => [`${STREAM_WORDS[stream.type]} ${stream.index}`, streamWords(stream)] as const,
      ),
      ['Loudness', loudnessWords(media)],
      ['Quality', media.probe ? `${media.probe.quality} of 100` : null],
      ['In the library', <code key="path">{media.libraryPath}</code>],
      ['Note', media.passthrough],
      ['Published', <TimeAgo key="time" time={media.createdAt} />],
      [
        'Made by',
        <Link key="job" href={`/jobs/${media.jobId}`}>
          its job
        </Link>,
      ],
    ]}
  />
)
