import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'
import styles from './notice.module.css'

/** Where a list is empty, something is missing or has failed: says so, and what can be done. */
export const Notice = ({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) => (
  <div className={styles.notice}>
    <Icon name={icon} size={28} />
    <p className={styles.title}>{title}</p>
    {children}
  </div>
)
