import type { InputColour } from '../contract/plan.ts'
import type { VideoFacts } from '../contract/source-facts.ts'

/** Lines from which players take unnamed colours as BT.709. */
const HD_LINES = 720

/** Matrix coefficients that can be read, as ffprobe names them; all others can neither be shown nor converted. */
const READABLE = new Set(['gbr', 'bt709', 'fcc', 'bt470bg', 'smpte170m', 'smpte240m', 'ycgco', 'bt2020nc'])

/** What keeps the source's colours from being converted, to complete "The video …"; null where nothing does. */
export const whyUnreadable = ({ dolbyVisionProfile, colourSpace }: VideoFacts): string | null => {
  if (dolbyVisionProfile === 5) return 'is Dolby Vision profile 5'
  return colourSpace === null || READABLE.has(colourSpace) ? null : `has the colour matrix ${colourSpace}`
}

/** How the source's colours are meant. */
export const colourOf = (facts: VideoFacts): InputColour => {
  if (facts.dynamicRange !== 'sdr') return facts.dynamicRange
  if (facts.colourSpace?.startsWith('bt2020')) return 'bt2020'
  if (facts.colourSpace === 'bt709' || facts.colourSpace === 'ycgco') return facts.colourSpace
  if (facts.colourSpace === 'smpte170m' || facts.colourSpace === 'bt470bg' || facts.colourSpace === 'fcc')
    return 'bt601'
  return Math.min(facts.width, facts.height) >= HD_LINES ? 'bt709' : 'bt601'
}
