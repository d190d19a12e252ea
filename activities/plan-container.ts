import type { Excerpt, SoundPlan, VideoPlan } from '../contract/plan.ts'
import { DEFAULT_AUDIO_FORMAT, type AudioFormat, type Preset } from '../contract/presets.ts'
import type { SourceFacts } from '../contract/source-facts.ts'

export interface ContainerDecision {
  extension: string
  passSource: boolean
  alsoCopy: number[]
  reasons: string[]
}

export interface ContainerQuestion {
  facts: SourceFacts
  preset: Preset
  video: VideoPlan
  sounds: readonly SoundPlan[]
  audioFormat: AudioFormat | undefined
  excerpt: Excerpt | null
}

/** Containers that are kept as they are, by ffprobe's name, and how such files are called. */
const KEPT: Readonly<Record<string, string>> = {
  mp3: 'mp3',
  flac: 'flac',
  wav: 'wav',
  w64: 'w64',
  aac: 'aac',
  aiff: 'aiff',
  avi: 'avi',
  asf: 'wmv',
  mpeg: 'mpg',
  gif: 'gif',
  mxf: 'mxf',
  rm: 'rm',
  caf: 'caf',
  au: 'au',
  amr: 'amr',
  ape: 'ape',
  wv: 'wv',
  tta: 'tta',
  ac3: 'ac3',
  eac3: 'eac3',
}
/** What an MP4 may hold that players find there. */
const MP4_CODECS = new Set(['h264', 'hevc', 'av1', 'vp9', 'mpeg4', 'aac', 'mp3', 'ac3', 'eac3', 'opus', 'flac', 'alac'])
const MATROSKA_SUBTITLES = new Set([
  'subrip',
  'ass',
  'ssa',
  'webvtt',
  'hdmv_pgs_subtitle',
  'hdmv_text_subtitle',
  'dvd_subtitle',
  'dvb_subtitle',
  'arib_caption',
])
const WEBM_CODECS = new Set(['vp8', 'vp9', 'av1', 'opus', 'vorbis'])

/** Which file comes out, and whether the source already is that file. */
export const decideContainer = (question: ContainerQuestion): ContainerDecision => {
  const { facts, preset, video, audioFormat } = question
  if (preset.delivery === 'stream') return { extension: 'm3u8', passSource: false, alsoCopy: [], reasons: [] }
  if (preset.video === 'source') return keepOriginal(facts, question.excerpt)
  const { container } = preset
  if (container === null) return single(question, audioFormat ?? DEFAULT_AUDIO_FORMAT)
  if (container !== 'mkv') return single(question, video.mode === 'none' ? SOUND_ONLY[container] : container)
  const { alsoCopy, left } = furtherStreams(question)
  const reasons = left.length === 0 ? [] : [`Left out, as Matroska has no room for them: ${left.join(', ')}.`]
  return { extension: video.mode === 'none' ? 'mka' : container, passSource: false, alsoCopy, reasons }
}

const SOUND_ONLY = { mp4: 'm4a', webm: 'opus' } as const

const single = (question: ContainerQuestion, extension: string): ContainerDecision => {
  const passSource = isExactly(question, extension)
  return { extension, passSource, alsoCopy: [], reasons: passSource ? ['The source already is that file.'] : [] }
}

/** Subtitles, and sound that is made into nothing else, as far as Matroska takes them; and the codecs of those it does not. */
const furtherStreams = ({
  facts,
  sounds,
}: Pick<ContainerQuestion, 'facts' | 'sounds'>): Pick<ContainerDecision, 'alsoCopy'> & { left: string[] } => {
  const further = facts.streams.filter(
    ({ index, type }) =>
      (type === 'audio' && !sounds.some(({ streamIndex }) => streamIndex === index)) || type === 'subtitle',
  )
  const fits = ({ type, codec }: SourceFacts['streams'][number]): boolean =>
    type === 'audio' ? codec !== 'unknown' : MATROSKA_SUBTITLES.has(codec)
  return {
    alsoCopy: further.filter(fits).map(({ index }) => index),
    left: further.filter((stream) => !fits(stream)).map(({ codec }) => codec),
  }
}

/** Whether nothing would change but the file's name: the same streams, in the same container, index first. */
const isExactly = ({ facts, video, sounds }: ContainerQuestion, extension: string): boolean => {
  if ([video, ...sounds].some(({ mode }) => mode === 'encode')) return false
  const wanted = [video, ...sounds].flatMap((part) => (part.mode === 'copy' ? [part.streamIndex] : []))
  const others = facts.streams.filter((stream) => !stream.cover && !wanted.includes(stream.index))
  if (others.length > 0) return false
  if (extension === 'mp4' || extension === 'm4a') return facts.indexFirst === true && facts.majorBrand !== 'qt'
  // Matroska and WebM go by one name, and players of one may refuse the other.
  return facts.container === (extension === 'opus' ? 'ogg' : extension)
}

/** The source as it is, unless its container is one that browsers and players stumble over. */
const keepOriginal = (facts: SourceFacts, excerpt: Excerpt | null): ContainerDecision => {
  const kept = keptExtension(facts)
  if (kept !== null && !excerpt) {
    return { extension: kept, passSource: true, alsoCopy: [], reasons: ['The source is kept byte for byte.'] }
  }
  const media = facts.streams.filter((stream) => stream.type !== 'other' && !stream.cover)
  const fitsMp4 = media.every((stream) => stream.type === 'subtitle' || MP4_CODECS.has(stream.codec))
  const isMatroska = facts.container.startsWith('matroska') && kept !== null
  const extension = isMatroska ? kept : fitsMp4 ? (facts.video ? 'mp4' : 'm4a') : 'mkv'
  const main = [facts.video?.streamIndex, facts.audio?.streamIndex]
  const alsoCopy = media
    .filter((stream) => !main.includes(stream.index) && (stream.type !== 'subtitle' || extension.startsWith('mk')))
    .filter((stream) => stream.codec !== 'unknown' && stream.type !== 'video')
    .map((stream) => stream.index)
  return {
    extension,
    passSource: false,
    alsoCopy,
    reasons: [
      excerpt
        ? `Its streams are put into ${extension} unchanged.`
        : `The source is put into ${extension} unchanged: ${facts.container} plays badly.`,
    ],
  }
}

const keptExtension = (facts: SourceFacts): string | null => {
  if (facts.container.startsWith('mov,')) return facts.majorBrand === 'qt' ? 'mov' : facts.video ? 'mp4' : 'm4a'
  if (facts.container.startsWith('matroska')) {
    const webm = facts.streams.every((stream) => WEBM_CODECS.has(stream.codec))
    return webm ? 'webm' : facts.video ? 'mkv' : 'mka'
  }
  if (facts.container === 'ogg') return facts.video ? 'ogv' : facts.audio?.codec === 'opus' ? 'opus' : 'ogg'
  if (facts.container === 'asf' && !facts.video) return 'wma'
  return KEPT[facts.container] ?? null
}
