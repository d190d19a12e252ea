import { Icon } from './icon.tsx'
import styles from './search-field.module.css'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
}

export const SearchField = ({ label, value, onChange }: SearchFieldProps) => (
  <label className={styles.field}>
    <Icon name="search" size={16} />
    <span className="visually-hidden">{label}</span>
    <input
      type="search"
      placeholder={label}
      value={value}
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
    />
  </label>
)
