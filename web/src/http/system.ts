import { request } from './request.ts'

/** The part of `GET /system` that the page shows. */
export interface System {
  temporal: { uiUrl: string }
}

export const getSystem = (signal: AbortSignal): Promise<System> => request('/system', { signal })
