import { type FormEvent, type KeyboardEvent, useId, useState } from 'react'
import { DEFAULT_AUDIO_FORMAT, DEFAULT_PRESET, PRESET_NAMES, PRESETS } from '../../../contract/presets.ts'
import { Button } from '../design/button.tsx'
import { Icon } from '../design/icon.tsx'
import { useSubmit } from './job-queries.ts'
import { type Draft, type Outcome, outcomeOf, parseAddresses, timesProblem, toSubmissions } from './submission.ts'
import styles from './submit-form.module.css'
import { SubmitOptions } from './submit-options.tsx'
import { SubmitOutcome } from './submit-outcome.tsx'

const emptyDraft: Draft = {
  addresses: '',
  preset: DEFAULT_PRESET,
  maxHeight: '',
  maxSize: '',
  sizeUnit: 'MB',
  keepSource: false,
  audioFormat: DEFAULT_AUDIO_FORMAT,
  loudness: '',
  start: '',
  end: '',
  force: false,
}

const MAX_ROWS = 10

const buttonWords = (count: number): string => (count > 1 ? `Start ${count} jobs` : 'Start')

/** Takes one address or a pasted list; what was accepted leaves the field, what was refused stays with its reason. */
export const SubmitForm = () => {
  const [draft, setDraft] = useState(emptyDraft)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const submit = useSubmit()
  const ids = { addresses: useId(), hint: useId(), outcome: useId() }
  const addresses = parseAddresses(draft.addresses)
  const change = (part: Partial<Draft>): void => setDraft((current) => ({ ...current, ...part }))

  const start = (): void => {
    if (addresses.length === 0 || submit.isPending || timesProblem(draft) !== null) return
    setOutcome(null)
    submit.mutate(toSubmissions(draft, addresses), {
      onSuccess: ({ items }) => {
        const next = outcomeOf(addresses, items)
        setOutcome(next)
        change({ addresses: next.refused.map(({ address }) => address).join('\n') })
      },
    })
  }
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault()
    start()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // One address is sent as in any search field; in a list Enter is the next line.
    const sends = event.key === 'Enter' && !event.shiftKey && (event.ctrlKey || event.metaKey || addresses.length === 1)
    if (!sends || event.nativeEvent.isComposing) return
    event.preventDefault()
    start()
  }

  return (
    <form className={styles.form} onSubmit={onSubmit} aria-label="New jobs">
      <label htmlFor={ids.addresses} className={styles.label}>
        Addresses
      </label>
      <div className={styles.entry}>
        <textarea
          id={ids.addresses}
          className={styles.addresses}
          rows={Math.min(MAX_ROWS, Math.max(1, draft.addresses.split('\n').length))}
          placeholder="https://… one or many, each on its own line"
          value={draft.addresses}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          inputMode="url"
          aria-describedby={`${ids.hint} ${ids.outcome}`}
          aria-invalid={(outcome?.refused.length ?? 0) > 0}
          onChange={(event) => change({ addresses: event.target.value })}
          onKeyDown={onKeyDown}
        />
        <Button
          type="submit"
          look="primary"
          disabled={addresses.length === 0 || submit.isPending || timesProblem(draft) !== null}
        >
          {submit.isPending ? 'Starting…' : buttonWords(addresses.length)}
        </Button>
      </div>
      <p id={ids.hint} className="visually-hidden">
        One address a line. Control and Enter starts the jobs.
      </p>
      <fieldset className={styles.presets}>
        <legend className="visually-hidden">Preset: what to make</legend>
        {PRESET_NAMES.map((name) => (
          <label key={name} className={styles.preset} title={PRESETS[name].description}>
            <input
              type="radio"
              name="preset"
              value={name}
              checked={draft.preset === name}
              aria-describedby={`${ids.hint}-preset`}
              onChange={() => change({ preset: name })}
            />
            {PRESETS[name].title}
          </label>
        ))}
      </fieldset>
      <p id={`${ids.hint}-preset`} className={styles.description}>
        {PRESETS[draft.preset].description}
      </p>
      <details className={styles.more}>
        <summary>
          <Icon name="sliders" size={16} /> Options
        </summary>
        <SubmitOptions draft={draft} change={change} />
      </details>
      <SubmitOutcome id={ids.outcome} outcome={outcome} failure={submit.error} />
    </form>
  )
}
