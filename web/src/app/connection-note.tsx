import { Button } from '../design/button.tsx'
import { useNow } from '../design/use-now.ts'
import { useConnection } from '../live/live-provider.tsx'
import styles from './connection-note.module.css'

const waitWords = (ms: number): string => (ms < 1000 ? 'now' : `in ${Math.ceil(ms / 1000)} s`)

/** Says that what is shown may be old, as long as that is so. */
export const ConnectionNote = () => {
  const { connection, retryNow } = useConnection()
  const now = useNow(connection.status === 'lost' ? 500 : null)
  if (connection.status !== 'lost') return null
  return (
    <div className={styles.note} data-testid="connection-note">
      <p>
        <strong>Connection lost.</strong> What you see may be old. Jobs go on without this page.
      </p>
      <Button icon="retry" onClick={retryNow}>
        Trying again {waitWords(connection.retryAt - now)}
      </Button>
    </div>
  )
}
