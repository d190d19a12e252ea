import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JOB_KINDS, parseWorkflowId, workflowIdOf } from '../../contract/names.ts'

describe('workflow ids', () => {
  it('are read back as they were made', () => {
    fc.assert(
      fc.property(fc.constantFrom(...JOB_KINDS), fc.uuid(), fc.integer({ min: 1, max: 9_999 }), (kind, jobId, run) => {
        expect(parseWorkflowId(workflowIdOf(kind, jobId, run))).toEqual({ kind, jobId, run })
      }),
    )
  })

  it.each(['', 'ingest-', 'site-example.org', 'ingest-0193', 'other-01930000-0000-7000-8000-000000000000'])(
    'that are not of jobs are told apart: %j',
    (id) => expect(parseWorkflowId(id)).toBeNull(),
  )
})
