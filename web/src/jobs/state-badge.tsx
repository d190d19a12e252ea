import type { JobState } from '../../../contract/names.ts'
import { STATE_WORDS, toneOf } from './job-wording.ts'
import styles from './state-badge.module.css'

export const StateBadge = ({ state }: { state: JobState }) => (
  <span className={styles.badge} data-tone={toneOf(state)} data-state={state}>
    {STATE_WORDS[state]}
  </span>
)
