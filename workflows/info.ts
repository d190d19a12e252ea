import type { Info } from '../contract/media.ts'
import { inspect } from './activity-proxies.ts'

/** What is at an address, without fetching its media. */
export const info = ({ url }: { url: string }): Promise<Info> =>
  inspect.executeWithOptions({ summary: 'what is at the address' }, [{ url }])
