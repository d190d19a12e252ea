import styles from './progress-bar.module.css'

interface ProgressBarProps {
  /** 0–100; null while the size of the work is unknown. */
  percent: number | null
  label: string
  tone?: 'live' | 'calm'
  thin?: boolean
}

export const ProgressBar = ({ percent, label, tone = 'live', thin = false }: ProgressBarProps) => (
  <div
    className={styles.track}
    role="progressbar"
    aria-label={label}
    aria-valuemin={0}
    aria-valuemax={100}
    aria-valuenow={percent === null ? undefined : Math.floor(percent)}
    data-tone={tone}
    data-thin={thin || undefined}
    data-unknown={percent === null || undefined}
  >
    <div className={styles.fill} style={percent === null ? undefined : { transform: `scaleX(${percent / 100})` }} />
  </div>
)
