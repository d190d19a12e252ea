import { formatAgo } from './units.ts'
import { useNow } from './use-now.ts'

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** How long ago an RFC 3339 time is; the exact time on hover. */
export const TimeAgo = ({ time }: { time: string }) => {
  const now = useNow(30_000)
  const at = Date.parse(time)
  return (
    <time dateTime={time} title={exact.format(at)}>
      {formatAgo(at, now)}
    </time>
  )
}
