/** The workflows of the bundle; each is named after its kind of job. */
export { info } from './info.ts'
export { ingest } from './ingest.ts'
