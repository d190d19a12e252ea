import { workflowInfo } from '@temporalio/workflow'
import type { Info } from '../contract/media.ts'
import { inspect } from './activity-proxies.ts'

/** What is at an address, without fetching its media. No job of the catalog: whoever asked is waiting for the answer. */
export const info = ({ url }: { url: string }): Promise<Info> => {
  const ref = {
    jobId: workflowInfo().workflowId,
    run: 1,
    step: 'resolve' as const,
    part: null,
    share: 1,
    attemptBase: 0,
  }
  return inspect.executeWithOptions({ summary: 'what is at the address' }, [{ ref, url }])
}
