import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { startTestInstance, type TestInstance } from '../integration/instance.ts'
import { makeClip } from '../integration/make-media.ts'
import { file } from '../integration/origin-answers.ts'
import { startOrigin, type Origin } from '../integration/origin.ts'
import { toolsRunningIn } from '../integration/running-tools.ts'
import { launchChromium, openPage } from './chromium.ts'
import { jobsView } from './job-views.ts'

let sluice: TestInstance
let origin: Origin
let browser: Browser

beforeAll(async () => {
  ;[sluice, origin, browser] = await Promise.all([
    startTestInstance({ SLUICE_CHUNK_MS: '4000' }, { slowEncoder: true }),
    startOrigin(),
    launchChromium(),
  ])
  // Not H.264, so that it is encoded, for long enough to be interrupted.
  const options = ['-c:v', 'mpeg4', '-b:v', '2M']
  const path = join(sluice.config.dataDir, 'rapids.mp4')
  origin.on(
    '/rapids.mp4',
    file(await makeClip(sluice.config.tools.ffmpeg, path, { seconds: 24, size: '640x360', options })),
  )
})
afterAll(async () => {
  await browser.close()
  await sluice.dispose()
  await origin.close()
})

const open = async (): Promise<{ page: Page; complaints: string[] }> => {
  const opened = await openPage(browser)
  await opened.page.goto(`${sluice.url}/sign-in?token=${sluice.token}`)
  return opened
}
/** For people: set SCREENSHOTS to a folder. */
const look = async (page: Page, name: string): Promise<void> => {
  const folder = process.env['SCREENSHOTS']
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

it('a job rests in the middle of its encode at the press of a button, on every page, and goes on at another', async () => {
  const [{ page, complaints }, other] = await Promise.all([open(), open()])
  await jobsView(page).addresses.fill(origin.urlOf('/rapids.mp4'))
  await jobsView(page).preset('Adaptive stream').check({ force: true })
  await jobsView(page).start.click()
  const job = jobsView(page).row('rapids')
  const elsewhere = jobsView(other.page).row('rapids')
  await job.row.getByText(/^Transcode/).waitFor({ timeout: 60_000 })
  // Something of it is there by then.
  await job.row
    .getByText(/[1-9]\d? %/)
    .first()
    .waitFor({ timeout: 60_000 })
  // One chunk may just have ended, and the next not have begun.
  await expect.poll(() => toolsRunningIn(sluice.config.dataDir)).not.toEqual([])
  await job.button('Pause').click()
  // Within 2 s, as test/integration/pause.test.ts measures it without two browsers beside.
  await expect.poll(() => toolsRunningIn(sluice.config.dataDir)).toEqual([])
  await job.reaches('paused')
  await expect.poll(() => job.row.innerText()).toContain('At rest in Transcode')
  await elsewhere.button('Resume').waitFor()
  await look(page, 'paused-list')

  await job.title.click()
  const view = page.getByTestId('job-page')
  await view.locator('[data-step="transcode"]').getByText('Paused').waitFor()
  await view.getByRole('combobox', { name: /^Priority/ }).selectOption('1')
  await look(page, 'paused-job')
  const id = new URL(page.url()).pathname.split('/').at(-1)
  await expect.poll(async () => (await sluice.call<Job>('GET', `/jobs/${id}`)).body.priority).toBe(1)

  await elsewhere.button('Resume').click()
  await view.getByRole('button', { name: /^Pause/ }).waitFor()
  await page.locator('[data-testid="job-page"][data-state="succeeded"]').waitFor({ timeout: 90_000 })
  await view.getByRole('link', { name: /^Play/ }).waitFor()
  expect([...complaints, ...other.complaints]).toEqual([])
})
