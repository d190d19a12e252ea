import type { Locator, Page } from 'playwright-core'

/** The form and the list of jobs, as a person uses them: by their words. */
export const jobsView = (page: Page) => ({
  addresses: page.getByRole('textbox', { name: 'Addresses' }),
  start: page.getByRole('button', { name: /^Start/ }),
  preset: (title: string) => page.getByRole('radio', { name: title }),
  filter: (title: string) => page.getByRole('radio', { name: title, exact: true }),
  search: page.getByRole('searchbox', { name: 'Search jobs' }),
  connection: page.getByTestId('connection'),
  connectionNote: page.getByTestId('connection-note'),
  rows: page.getByTestId('job'),
  /** The row of a job by words of its title or address. */
  row: (words: string | RegExp) => jobRow(page.getByTestId('job').filter({ hasText: words })),
})

const jobRow = (row: Locator) => ({
  row,
  title: row.getByRole('heading').getByRole('link'),
  bar: row.getByRole('progressbar', { name: /^All of/ }),
  button: (name: string) => row.getByRole('button', { name: new RegExp(`^${name}`) }),
  play: row.getByRole('link', { name: /^Play/ }),
  /** Waits until the job is in this state. */
  reaches: (state: string) => row.and(row.page().locator(`[data-state="${state}"]`)).waitFor({ timeout: 90_000 }),
})

/**
 * Has the page keep every value that its bars show, in order. Looking from outside would miss what comes between two looks.
 * Call it before the page is opened.
 */
export const recordBars = async (page: Page): Promise<(name: RegExp) => Promise<number[]>> => {
  await page.addInitScript({
    content: `
      window.shownByBars = []
      const note = (bar) => {
        const value = bar.getAttribute('aria-valuenow')
        if (value !== null) window.shownByBars.push([bar.getAttribute('aria-label'), Number(value)])
      }
      const isBar = (node) => node.nodeType === 1 && node.getAttribute('role') === 'progressbar'
      new MutationObserver((records) => {
        for (const { target, addedNodes } of records) {
          if (isBar(target)) note(target)
          for (const node of addedNodes) {
            if (node.nodeType === 1) [node, ...node.querySelectorAll('[role=progressbar]')].filter(isBar).forEach(note)
          }
        }
      }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-valuenow'] })
    `,
  })
  return async (name) => {
    const shown = await page.evaluate<[string, number][]>('window.shownByBars')
    return shown.filter(([label]) => name.test(label)).map(([, value]) => value)
  }
}
