import { Link } from 'wouter'
import { Icon } from '../design/icon.tsx'
import type { Outcome } from './submission.ts'
import styles from './submit-outcome.module.css'

interface SubmitOutcomeProps {
  id: string
  outcome: Outcome | null
  /** Why the whole request failed, where it did. */
  failure: Error | null
}

const startedWords = (started: number): string => (started === 1 ? 'One job started.' : `${started} jobs started.`)

/** What became of a submission: read out as it comes, with the reason beside each address that was refused. */
export const SubmitOutcome = ({ id, outcome, failure }: SubmitOutcomeProps) => (
  <div id={id} className={styles.outcome} aria-live="polite">
    {failure && (
      <p className={styles.refused}>
        <Icon name="alert" size={16} /> {failure.message}
      </p>
    )}
    {outcome && outcome.started > 0 && (
      <p className={styles.started}>
        <Icon name="check" size={16} /> {startedWords(outcome.started)}
      </p>
    )}
    {outcome?.known.map(({ jobId, address, isDone }) => (
      <p key={jobId} className={styles.known}>
        <Icon name="check" size={16} />
        <span>
          {isDone ? 'Already there' : 'Already on its way'}: <Link href={`/jobs/${jobId}`}>{address}</Link>
        </span>
      </p>
    ))}
    {outcome && outcome.refused.length > 0 && (
      <ul>
        {outcome.refused.map(({ address, reason }) => (
          <li key={address} className={styles.refused}>
            <Icon name="alert" size={16} />
            <span>
              <span className={styles.address}>{address}</span> {reason}
            </span>
          </li>
        ))}
      </ul>
    )}
  </div>
)
