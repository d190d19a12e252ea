import type { ButtonHTMLAttributes, ReactNode } from 'react'
import styles from './button.module.css'
import { Icon, type IconName } from './icon.tsx'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'primary' | 'plain' | 'quiet' | 'danger'
  icon?: IconName
  /** Words for screen readers where several buttons say the same to the eye: what it acts on. */
  about?: string
  children: ReactNode
}

export const Button = ({ look = 'plain', icon, about, children, type = 'button', ...rest }: ButtonProps) => (
  <button type={type} className={styles.button} data-look={look} {...rest}>
    {icon && <Icon name={icon} size={16} />}
    <span>{children}</span>
    {about && <span className="visually-hidden"> {about}</span>}
  </button>
)

/** The class of a link that looks like a button. */
export const buttonClass = styles.button
