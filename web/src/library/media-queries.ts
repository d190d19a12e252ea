import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Media } from '../../../contract/media.ts'
import { deleteMedia, getMedia, listMedia } from '../http/media.ts'

export const useMedia = (id: string) =>
  useQuery({
    queryKey: ['media', id],
    queryFn: ({ signal }) => getMedia(id, signal),
    // Media do not change once published; deleting them here removes the entry.
    staleTime: Number.POSITIVE_INFINITY,
  })

export const useMediaList = (q: string) =>
  useInfiniteQuery({
    queryKey: ['library', q],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => listMedia(q, pageParam, signal),
    getNextPageParam: (page) => page.nextCursor,
  })

export const useDeleteMedia = () => {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (media: Media) => deleteMedia(media.id),
    onSuccess: (_nothing, media) => {
      queries.removeQueries({ queryKey: ['media', media.id] })
      void queries.invalidateQueries({ queryKey: ['library'] })
    },
  })
}
