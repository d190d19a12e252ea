import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestInstance, type TestInstance } from '../integration/instance.ts'
import { film, H264, TRACKS } from '../integration/sound-sources.ts'
import { launchChromium, openPage } from './chromium.ts'
import { playerView } from './media-views.ts'

let sluice: TestInstance
let browser: Browser
beforeAll(async () => {
  ;[sluice, browser] = await Promise.all([startTestInstance(), launchChromium()])
})
afterAll(async () => {
  await browser.close()
  await sluice.dispose()
})

it('lets people choose between the sound tracks of a stream', async () => {
  const { importDir, tools } = sluice.config
  await mkdir(importDir, { recursive: true })
  const tracks = [TRACKS.english, TRACKS.french, TRACKS.talk]
  const args = ['-v', 'error', ...film(tracks, H264), join(importDir, 'film.mkv')]
  await promisify(execFile)(tools.ffmpeg, args)
  const { id } = await sluice.media(await sluice.run({ file: 'film.mkv', preset: 'stream' }))

  const { page, complaints } = await openPage(browser)
  await page.goto(`${sluice.url}/sign-in?token=${sluice.token}`)
  await page.goto(`${sluice.url}/library/${id}`)
  // It stands still: controls of what plays are hidden after a while.
  const { player } = playerView(page)
  await player.getByRole('button', { name: 'Audio' }).click()
  const choices = player.locator('media-audio-track-menu').getByRole('menuitemradio')
  await choices.nth(2).waitFor()
  const words = (await choices.allTextContents()).map((text) => text.trim())
  expect(words).toEqual(['English', "Version 'F', 5.1 <&>", 'English (commentary)'])
  const wanted = page.waitForRequest(/audio-fra\/\d+\.m4s/)
  await choices.nth(1).click()
  await wanted
  expect(await choices.nth(1).getAttribute('aria-checked')).toBe('true')
  expect(complaints).toEqual([])
})
