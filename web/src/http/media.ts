import type { Media } from '../../../contract/media.ts'
import { type Listing, queryString, request } from './request.ts'

export const listMedia = (q: string, cursor: string | null, signal: AbortSignal): Promise<Listing<Media>> =>
  request(`/media${queryString({ q, cursor, limit: 48 })}`, { signal })

export const getMedia = (id: string, signal?: AbortSignal): Promise<Media> =>
  request(`/media/${encodeURIComponent(id)}`, { signal })

export const deleteMedia = (id: string): Promise<null> =>
  request(`/media/${encodeURIComponent(id)}`, { method: 'DELETE' })
