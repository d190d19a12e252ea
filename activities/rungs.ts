import type { Rung, VideoPlan } from '../contract/plan.ts'

/** Every size that is delivered, largest first: the copied one, then those that are encoded. Empty for a picture that is copied into a file. */
export const rungsOf = (video: VideoPlan): Rung[] => {
  if (video.mode === 'none') return []
  if (video.mode === 'copy') return video.rung ? [video.rung] : []
  return video.copied ? [video.copied, ...video.renditions] : video.renditions
}
