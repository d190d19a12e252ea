import type { CopiedRung, Rung, VideoPlan } from '../contract/plan.ts'

/** The source's own picture as a size of a stream; null where every size is encoded, and for a picture that is copied into a file. */
export const copiedRungOf = (video: VideoPlan): CopiedRung | null => {
  if (video.mode === 'none') return null
  return video.mode === 'copy' ? video.rung : video.copied
}

/** Every size that is delivered, largest first: the copied one, then those that are encoded. Empty for a picture that is copied into a file. */
export const rungsOf = (video: VideoPlan): Rung[] => {
  const copied = copiedRungOf(video)
  const encoded = video.mode === 'encode' ? video.renditions : []
  return copied ? [copied, ...encoded] : encoded
}
