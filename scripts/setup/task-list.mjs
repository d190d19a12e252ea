const SPINNER = ['◐', '◓', '◑', '◒']
/** How often a long task says how far it is where lines can't be redrawn. */
const PLAIN_EVERY_MS = 10_000

const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`

/**
 * Shows tasks that run side by side: redrawn in place on a terminal, as plain lines elsewhere.
 * @param {NodeJS.WriteStream} stream
 */
export const createTaskList = (stream) => {
  const tasks = []
  const live = stream.isTTY === true
  let drawn = 0
  let frame = 0

  const lineOf = (task) => {
    const detail = task.detail ? `  ${task.detail}` : ''
    if (task.state === 'done') return `  ✓ ${task.title}  ${seconds(task.ms)}`
    if (task.state === 'failed') return `  ✗ ${task.title}`
    return `  ${SPINNER[frame % SPINNER.length]} ${task.title}${detail}`
  }
  const draw = () => {
    const width = (stream.columns ?? 80) - 1
    const lines = tasks.map((task) => `\u001B[2K${lineOf(task).slice(0, width)}\n`)
    stream.write((drawn > 0 ? `\u001B[${drawn}A` : '') + lines.join(''))
    drawn = lines.length
  }
  const tick = () => {
    frame += 1
    for (const task of tasks.filter(({ state }) => state === 'running')) {
      task.detail = task.progress?.() ?? task.detail
      const isNews = task.detail && task.detail !== task.said && Date.now() - task.saidAt >= PLAIN_EVERY_MS
      if (!live && isNews) {
        stream.write(`  … ${task.title}: ${task.detail}\n`)
        Object.assign(task, { said: task.detail, saidAt: Date.now() })
      }
    }
    if (live) draw()
  }
  const timer = setInterval(tick, live ? 120 : 1_000)
  timer.unref()

  return {
    /**
     * @template T
     * @param {{title: string, progress?: () => string | undefined, work: (say: (detail: string) => void) => Promise<T>}} task
     *   `progress` is asked while the task runs.
     * @returns {Promise<T>}
     */
    async run({ title, progress, work }) {
      const startedAt = Date.now()
      const task = { title, progress, state: 'running', detail: '', ms: 0, said: '', saidAt: startedAt }
      tasks.push(task)
      if (!live) stream.write(`  … ${title}\n`)
      try {
        const result = await work((detail) => (task.detail = detail))
        task.state = 'done'
        return result
      } catch (error) {
        task.state = 'failed'
        throw error
      } finally {
        task.ms = Date.now() - startedAt
        if (live) draw()
        else stream.write(`${lineOf(task)}\n`)
      }
    },
    close: () => clearInterval(timer),
  }
}
