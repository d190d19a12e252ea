import type { JobProjection } from '../contract/steps.ts'

/** The job's steps as a Markdown table, for the details pane of the Temporal Web UI. */
export const stepTable = (status: JobProjection): string => {
  const rows = status.steps.map((step) => {
    const error = step.error ? `${step.error.code}: ${cell(step.error.message)}` : ''
    return `| ${step.name} | ${step.state} | ${step.attempt || ''} | ${error} |`
  })
  const title = status.title === null ? '' : `**${cell(status.title)}**\n\n`
  return `${title}State: **${status.state}**${waits(status)}\n\n| step | state | attempt | error |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

const waits = ({ waitingFor, error }: JobProjection): string =>
  waitingFor === null ? '' : ` for ${waitingFor}. ${cell(error?.message ?? '')}`

/** A title or a message is somebody else's text: it must not break the table or become markup. */
const cell = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\|*_`<>[\]]/g, String.raw`\$&`)
