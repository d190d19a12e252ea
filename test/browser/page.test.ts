import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { STEP_NAMES } from '../../contract/names.ts'
import { startTestInstance, type TestInstance } from '../integration/instance.ts'
import { makeClip } from '../integration/make-media.ts'
import { file, status } from '../integration/origin-answers.ts'
import { startOrigin, type Origin } from '../integration/origin.ts'
import { launchChromium, openPage } from './chromium.ts'
import { jobsView, recordBars } from './job-views.ts'
import { libraryView, playerView } from './media-views.ts'

/** As long as a title can be without a place to break it. */
const LAGOON = 'lagoon-'.repeat(20)

let sluice: TestInstance
let origin: Origin
let browser: Browser
let page: Page
let complaints: string[]
let clip: string
/** A job that has succeeded, its media, and a job that has failed, for the tests that only look. */
let lagoon: Job
let lagoonMedia: string
let meander: Job

beforeAll(async () => {
  ;[sluice, origin, browser] = await Promise.all([startTestInstance(), startOrigin(), launchChromium()])
  clip = await makeClip(sluice.config.tools.ffmpeg, join(sluice.config.dataDir, 'origin', 'clip.mp4'), { seconds: 3 })
  const missing = origin.urlOf('/meander.mp4')
  ;[lagoon, meander] = await Promise.all([sluice.run({ url: serve(LAGOON) }), sluice.run({ url: missing })])
  lagoonMedia = (await sluice.media(lagoon)).id
})
afterAll(async () => {
  await browser.close()
  await sluice.dispose()
  await origin.close()
})
beforeEach(async () => {
  ;({ page, complaints } = await openPage(browser))
})
afterEach(async ({ task }) => {
  // What a person would have seen then tells more than the line that gave up.
  if (task.result?.state === 'fail') console.error(await page.locator('body').ariaSnapshot())
  await page.context().close()
  if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('\n')}`)
})

const signIn = (): Promise<unknown> => page.goto(`${sluice.url}/sign-in?token=${sluice.token}`)

/** Serves the clip under a name, so that each test has a job that it knows by it; returns the address. */
const serve = (name: string, bytesPerSecond?: number): string => {
  origin.on(`/${name}.mp4`, file(clip, bytesPerSecond === undefined ? {} : { bytesPerSecond }))
  return origin.urlOf(`/${name}.mp4`)
}

const submit = async (...addresses: string[]): Promise<void> => {
  const view = jobsView(page)
  await view.addresses.fill(addresses.join('\n'))
  await view.start.click()
}

it('explains how to sign in, and the link does it', async () => {
  await page.goto(sluice.url)
  await page.getByRole('heading', { name: 'Sign in to Sluice' }).waitFor()
  await signIn()
  await jobsView(page).addresses.waitFor()
  expect(new URL(page.url()).pathname).toBe('/')
  await page.getByTestId('connection').filter({ hasText: 'Live' }).waitFor()
})

it('signs out, and nothing is left to see', async () => {
  await signIn()
  await jobsView(page).addresses.waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to Sluice' }).waitFor()
  const answer = await page.request.get(`${sluice.url}/api/v1/jobs`)
  expect(answer.status()).toBe(401)
})

it('takes an address, moves the bars as the work goes on, and plays the result', async () => {
  const shown = await recordBars(page)
  await signIn()
  await submit(serve('river', 60_000))
  const job = jobsView(page).row('river')
  await job.reaches('succeeded')

  const overall = await shown(/^All of .*river/)
  expect(overall).toEqual(overall.toSorted((one, other) => one - other))
  expect(new Set(overall).size).toBeGreaterThanOrEqual(4)
  const download = new Set(await shown(/^Download of .*river/))
  expect(download.size).toBeGreaterThanOrEqual(3)

  await job.play.click()
  const player = playerView(page)
  await player.play.click()
  await player.playsTo(1.5)
  expect(await player.read('videoWidth')).toBe(320)
  expect(await player.read('duration')).toBeCloseTo(3, 0)
})

it('plays a stream, with pictures of the storyboard above the time bar', async () => {
  await signIn()
  await jobsView(page).preset('Adaptive stream').check({ force: true })
  await submit(serve('brook'))
  const job = jobsView(page).row('brook')
  await job.reaches('succeeded')
  await job.play.click()

  const player = playerView(page)
  await player.play.click()
  await player.playsTo(1.5)
  expect(await player.player.locator('hls-video').count()).toBe(1)
  // Of one sound track there is nothing to choose.
  expect(await player.player.locator('media-audio-track-menu-button').count()).toBe(0)

  await player.timeBar.hover({ position: { x: 200, y: 5 } })
  await player.preview.waitFor()
  const loaded = player.preview.evaluate(
    (preview: {
      shadowRoot: { querySelector(selector: string): { decode(): Promise<void>; naturalWidth: number } }
    }) => {
      const image = preview.shadowRoot.querySelector('img')
      return image.decode().then(() => image.naturalWidth)
    },
  )
  expect(await loaded).toBeGreaterThan(0)
})

it('says beside each address why it was refused, and keeps it for correction', async () => {
  await signIn()
  const good = serve('spring')
  await submit('nonsense', good, 'ftp://example.org/a.mp4')
  const form = page.getByRole('form', { name: 'New jobs' })
  await form.getByText('One job started.').waitFor()
  expect(await jobsView(page).addresses.inputValue()).toBe('nonsense\nftp://example.org/a.mp4')
  const reasons = await form.getByRole('listitem').allInnerTexts()
  expect(reasons).toHaveLength(2)
  expect(reasons[0]).toMatch(/nonsense\s+.*not a web address/s)
  expect(reasons[1]).toMatch(/ftp:\/\/example\.org\/a\.mp4\s+.*not supported/s)

  await submit(good)
  await form.getByText(/^Already (there|on its way)/).waitFor()
})

describe('a job', () => {
  it('has a page with its steps and the way to its workflow', async () => {
    await signIn()
    await jobsView(page).row('lagoon').title.click()
    const view = page.getByTestId('job-page')
    const steps = view.locator('[data-step]')
    await steps.first().waitFor()
    expect(await steps.evaluateAll((items) => items.map((item) => item.dataset.step))).toEqual(STEP_NAMES)
    expect(await view.locator('[data-step="publish"]').innerText()).toMatch(/Publish\s+Done/)
    expect(new URL(page.url()).pathname).toBe(`/jobs/${lagoon.id}`)
    const workflow = await view.getByRole('link', { name: 'Open in Temporal' }).getAttribute('href')
    expect(workflow).toContain(`/workflows/ingest-${lagoon.id}`)
    expect(await page.title()).toBe(`${LAGOON} · Sluice`)
    await view.getByRole('link', { name: 'In the library' }).click()
    await page.waitForURL(`**/library/${lagoonMedia}`)
  })

  it('that failed says why and what to do; a retry makes it good', async () => {
    origin.on('/weir.mp4', status(404))
    await signIn()
    await submit(origin.urlOf('/weir.mp4'))
    const job = jobsView(page).row('weir')
    await job.reaches('failed')
    expect(await job.row.innerText()).toContain('Check the address in a browser')
    await job.title.click()
    await page.locator('[data-step="download"]').getByText('Not reached').waitFor()
    origin.on('/weir.mp4', file(clip))
    await page.getByRole('button', { name: /^Retry/ }).click()
    await page.goBack()
    await job.reaches('succeeded')
    expect(await job.row.innerText()).toContain('run 2')
  })

  it('is cancelled, and deleted after a question', async () => {
    await signIn()
    await submit(serve('ditch', 4_000))
    const job = jobsView(page).row('ditch')
    await job.row.getByText(/^Download/).waitFor({ timeout: 60_000 })
    await job.button('Cancel').click()
    await job.reaches('cancelled')
    await job.button('Delete').click()
    const question = page.getByRole('dialog', { name: 'Delete this job?' })
    await question.getByRole('button', { name: 'Keep' }).click()
    expect(await job.row.count()).toBe(1)
    await job.button('Delete').click()
    await question.getByRole('button', { name: 'Delete job' }).click()
    await job.row.waitFor({ state: 'detached' })
  })
})

it('filters jobs by state and by words, in the address too', async () => {
  await signIn()
  const view = jobsView(page)
  await view.row('lagoon').row.waitFor()
  await view.filter('Failed').check({ force: true })
  await view.row('lagoon').row.waitFor({ state: 'detached' })
  await view.row('meander').row.waitFor()
  await page.waitForURL('**/?state=failed')
  await view.filter('All').check({ force: true })
  await view.search.fill('meander')
  await view.row('lagoon').row.waitFor({ state: 'detached' })
  await page.waitForURL('**/?q=meander')
  await page.reload()
  await view.row('meander').row.waitFor()
  expect(await view.rows.evaluateAll((rows) => rows.map((row) => row.dataset.job))).toEqual([meander.id])
})

it('says when the connection is lost, and makes up for what it missed', async () => {
  await signIn()
  await submit(serve('ford', 20_000))
  const view = jobsView(page)
  await view
    .row('ford')
    .row.getByText(/^Download/)
    .waitFor({ timeout: 60_000 })
  const noted = view.connectionNote.waitFor()
  await sluice.kill9('api')
  await noted
  await view.connectionNote.waitFor({ state: 'detached', timeout: 60_000 })
  await view.row('ford').reaches('succeeded')
  expect(await view.connection.innerText()).toBe('Live')
})

it('shows the library as it grows, finds in it, and deletes after a question', async () => {
  await signIn()
  await page.getByRole('navigation').getByRole('link', { name: 'Library' }).click()
  const view = libraryView(page)
  await page.getByRole('heading', { name: 'Library' }).waitFor()
  await sluice.run({ url: serve('estuary') })
  const card = view.card('estuary')
  await card.waitFor()
  const width = card
    .getByRole('presentation')
    .evaluate((image: { decode(): Promise<void>; naturalWidth: number }) =>
      image.decode().then(() => image.naturalWidth),
    )
  expect(await width).toBeGreaterThan(0)

  await view.search.fill('no such thing')
  await page.getByText('Nothing is called that').waitFor()
  await view.search.fill('estuary')
  await card.getByRole('link').click()

  await page.getByRole('heading', { name: 'estuary', level: 1 }).waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'checksums.sha256' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('checksums.sha256')
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete media' }).click()
  await page.waitForURL('**/library')
  await page.getByRole('heading', { name: 'Library' }).waitFor()
  await card.waitFor({ state: 'detached' })
})

it('can be used by keyboard alone', async () => {
  await signIn()
  const view = jobsView(page)
  await view.addresses.focus()
  await page.keyboard.type(serve('canal'))
  await page.keyboard.press('Enter')
  await view.row('canal').row.waitFor()
  await view.row('lagoon').play.focus()
  await page.keyboard.press('Enter')
  const player = playerView(page)
  await player.play.focus()
  await page.keyboard.press('Space')
  await player.playsTo(0.5)
  expect(await player.read('videoWidth')).toBe(320)
})

describe('on a phone', () => {
  /** Controls without a name, as a screen reader would find them. */
  const NAMELESS = /^\s*- (button|link|textbox|combobox|checkbox|radio|searchbox|spinbutton|progressbar|slider)(?! ")/m

  it.each([
    ['the jobs', () => '/'],
    ['a job', () => `/jobs/${lagoon.id}`],
    ['the library', () => '/library'],
    ['the player', () => `/library/${lagoonMedia}`],
  ])('%s: it fits, and everything that can be used has a name', async (_, path) => {
    const phone = await openPage(browser, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' })
    await phone.page.goto(`${sluice.url}/sign-in?token=${sluice.token}`)
    await phone.page.goto(`${sluice.url}${path()}`)
    await phone.page.getByText('lagoon').first().waitFor()
    if (path().startsWith('/library/')) await playerView(phone.page).play.waitFor()
    expect(await phone.page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
    expect(await phone.page.locator('body').ariaSnapshot()).not.toMatch(NAMELESS)
    expect(phone.complaints).toEqual([])
    await phone.page.context().close()
  })
})
