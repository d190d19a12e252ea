import type { Page } from 'playwright-core'

export const libraryView = (page: Page) => ({
  cards: page.getByTestId('media'),
  card: (title: string) => page.getByTestId('media').filter({ hasText: title }),
  search: page.getByRole('searchbox', { name: 'Search the library' }),
})

export const playerView = (page: Page) => {
  const player = page.getByTestId('player')
  const element = player.locator('video, audio, hls-video').first()
  /** A number that the media element tells; NaN where it is not known yet. */
  const read = (property: 'currentTime' | 'duration' | 'videoWidth'): Promise<number> =>
    element.evaluate((media: Record<string, number>, name) => media[name] ?? Number.NaN, property)
  return {
    player,
    play: player.getByRole('button', { name: 'play', exact: true }),
    timeBar: player.locator('media-time-range'),
    /** The picture above the time bar under the pointer. */
    preview: player.locator('media-preview-thumbnail'),
    read,
    /** Waits until the media has played on to this many seconds. */
    playsTo: async (seconds: number): Promise<void> => {
      await element.evaluate(
        (media: EventTarget & { currentTime: number }, goal) =>
          new Promise<void>((resolve) => {
            const look = (): void => {
              if (media.currentTime >= goal) resolve()
            }
            media.addEventListener('timeupdate', look)
            look()
          }),
        seconds,
      )
    },
  }
}
