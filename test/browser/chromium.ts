import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { readInstalledTools } from '../../scripts/installed-tools.ts'

/** Debian's Chromium, without what it would do on its own: reach out, update, ask for a GPU. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const launchChromium = (): Promise<Browser> => {
  const { chromium: executablePath } = readInstalledTools()
  if (!executablePath) throw new Error('Chromium is not there: run `node scripts/setup.mjs --test`')
  return chromium.launch({ executablePath, args: FLAGS })
}

export interface OpenedPage {
  page: Page
  /** What the page has complained of: uncaught errors, and what its content security policy refused. */
  complaints: string[]
}

/** A page in a context of its own: no cookies of other tests. */
export const openPage = async (browser: Browser, options: BrowserContextOptions = {}): Promise<OpenedPage> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content.Security.Policy/i.test(message.text())) complaints.push(message.text())
  })
  return { page, complaints }
}
