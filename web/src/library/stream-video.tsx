import HlsVideo from 'hls-video-element/react'
import type { ReactNode } from 'react'

interface StreamVideoProps {
  src: string
  poster: string | undefined
  children: ReactNode
}

/** A `<video>` that plays HLS in every browser, by hls.js. */
export const StreamVideo = ({ src, poster, children }: StreamVideoProps) => (
  <HlsVideo slot="media" src={src} poster={poster ?? ''} preload="metadata" playsInline>
    {children}
  </HlsVideo>
)
