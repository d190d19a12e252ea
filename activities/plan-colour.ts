import type { InputColour } from '../contract/plan.ts'
import type { VideoFacts } from '../contract/source-facts.ts'

/** Lines from which players take unnamed colours as BT.709. */
const HD_LINES = 720

/** How the source's colours are meant. */
export const colourOf = (facts: VideoFacts): InputColour => {
  if (facts.dynamicRange !== 'sdr') return facts.dynamicRange
  if (facts.colourSpace?.startsWith('bt2020')) return 'bt2020'
  if (facts.colourSpace === 'bt709') return 'bt709'
  if (facts.colourSpace === 'smpte170m' || facts.colourSpace === 'bt470bg' || facts.colourSpace === 'fcc')
    return 'bt601'
  return Math.min(facts.width, facts.height) >= HD_LINES ? 'bt709' : 'bt601'
}
