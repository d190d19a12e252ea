import {
  MediaControlBar,
  MediaController,
  MediaErrorDialog,
  MediaFullscreenButton,
  MediaLoadingIndicator,
  MediaMuteButton,
  MediaPipButton,
  MediaPlaybackRateButton,
  MediaPlayButton,
  MediaSeekBackwardButton,
  MediaSeekForwardButton,
  MediaTimeDisplay,
  MediaTimeRange,
  MediaVolumeRange,
} from 'media-chrome/react'
import { MediaAudioTrackMenu, MediaAudioTrackMenuButton } from 'media-chrome/react/menu'
import { lazy, Suspense } from 'react'
import type { Media } from '../../../contract/media.ts'
import { offersSounds, type Playback, playbackOf } from './playback.ts'
import styles from './player.module.css'
import { postersOf } from './poster.tsx'

// hls.js is the larger half of the player, and only streams need it.
const StreamVideo = lazy(() =>
  import('./stream-video.tsx').then(({ StreamVideo: Component }) => ({ default: Component })),
)

interface MediaElementProps {
  playback: Playback
  media: Media
}

/** media-chrome draws what this track names above the pointer on the time bar. */
const StoryboardTrack = ({ media }: { media: Media }) => {
  const storyboard = media.files.find((file) => file.role === 'storyboard')
  return storyboard && <track default kind="metadata" label="thumbnails" src={storyboard.url} />
}

const MediaElement = ({ playback, media }: MediaElementProps) => {
  const poster = postersOf(media).find((file) => file.contentType === 'image/jpeg')?.url
  if (playback.kind === 'audio') return <audio slot="media" src={playback.file.url} preload="metadata" />
  if (playback.kind === 'video') {
    return (
      <video slot="media" src={playback.file.url} poster={poster} preload="metadata" playsInline>
        <StoryboardTrack media={media} />
      </video>
    )
  }
  return (
    <Suspense fallback={null}>
      <StreamVideo src={playback.file.url} poster={poster}>
        <StoryboardTrack media={media} />
      </StreamVideo>
    </Suspense>
  )
}

/** Plays a media with our controls: all of them reachable by keyboard, the arrows seek and Space plays. */
export const Player = ({ media }: { media: Media }) => {
  const playback = playbackOf(media)
  if (!playback) return <p>There is no file here that a browser could play.</p>
  const isAudio = playback.kind === 'audio'
  const hasChoice = offersSounds(media)
  const shape = media.width && media.height ? `${media.width} / ${media.height}` : '16 / 9'
  return (
    <MediaController
      audio={isAudio}
      className={styles.player}
      style={isAudio ? undefined : { aspectRatio: shape }}
      aria-label={`Player of ${media.title}`}
      data-testid="player"
    >
      <MediaElement playback={playback} media={media} />
      {!isAudio && <MediaLoadingIndicator slot="centered-chrome" noAutohide />}
      {!isAudio && <MediaErrorDialog slot="dialog" />}
      {hasChoice && <MediaAudioTrackMenu anchor="auto" hidden />}
      <MediaControlBar className={styles.seek}>
        <MediaTimeRange />
      </MediaControlBar>
      <MediaControlBar className={styles.bar}>
        <MediaPlayButton />
        <MediaSeekBackwardButton seekOffset={10} />
        <MediaSeekForwardButton seekOffset={10} />
        <MediaMuteButton />
        <MediaVolumeRange className={styles.volume} />
        <MediaTimeDisplay showDuration />
        <span className={styles.space} />
        <MediaPlaybackRateButton rates={[0.5, 1, 1.25, 1.5, 2]} />
        {hasChoice && <MediaAudioTrackMenuButton />}
        {!isAudio && <MediaPipButton className={styles.pip} />}
        {!isAudio && <MediaFullscreenButton />}
      </MediaControlBar>
    </MediaController>
  )
}
