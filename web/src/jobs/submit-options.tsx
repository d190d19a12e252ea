import { useId } from 'react'
import { LOUDNESS_TARGET } from '../../../contract/loudness.ts'
import { AUDIO_FORMATS, PRESETS, type AudioFormat } from '../../../contract/presets.ts'
import { timesProblem, type Draft } from './submission.ts'
import styles from './submit-options.module.css'

const HEIGHTS = [2160, 1440, 1080, 720, 480, 360, 240] as const

interface SubmitOptionsProps {
  draft: Draft
  change: (part: Partial<Draft>) => void
}

const isAudioFormat = (value: string): value is AudioFormat => AUDIO_FORMATS.some((format) => format === value)

const isLoudness = (value: string): value is Draft['loudness'] => ['', 'on', 'off'].includes(value)

export const SubmitOptions = ({ draft, change }: SubmitOptionsProps) => {
  const id = useId()
  const problem = timesProblem(draft)
  return (
    <div className={styles.options}>
      {draft.preset === 'audio' ? (
        <div className={styles.field}>
          <label htmlFor={`${id}-format`}>Audio format</label>
          <select
            id={`${id}-format`}
            value={draft.audioFormat}
            onChange={({ target }) => isAudioFormat(target.value) && change({ audioFormat: target.value })}
          >
            {AUDIO_FORMATS.map((format) => (
              <option key={format}>{format}</option>
            ))}
          </select>
        </div>
      ) : (
        <div className={styles.field}>
          <label htmlFor={`${id}-height`}>Maximum height</label>
          <select
            id={`${id}-height`}
            value={draft.maxHeight}
            onChange={({ target }) => change({ maxHeight: target.value })}
          >
            <option value="">As the preset says</option>
            {HEIGHTS.map((height) => (
              <option key={height} value={height}>
                {height}p
              </option>
            ))}
          </select>
        </div>
      )}
      {PRESETS[draft.preset].audio !== 'source' && (
        <div className={styles.field}>
          <label htmlFor={`${id}-loudness`}>Loudness</label>
          <select
            id={`${id}-loudness`}
            value={draft.loudness}
            onChange={({ target }) => isLoudness(target.value) && change({ loudness: target.value })}
          >
            <option value="">{PRESETS[draft.preset].loudness ? 'Even' : 'As in the source'} (preset)</option>
            <option value="on">Even, at {LOUDNESS_TARGET.integratedLufs} LUFS</option>
            <option value="off">As in the source</option>
          </select>
        </div>
      )}
      <div className={styles.field}>
        <label htmlFor={`${id}-start`}>Part of it</label>
        <span className={styles.span}>
          <input
            id={`${id}-start`}
            placeholder="0:00"
            inputMode="decimal"
            autoComplete="off"
            aria-invalid={problem !== null}
            aria-describedby={`${id}-times`}
            value={draft.start}
            onChange={({ target }) => change({ start: target.value })}
          />
          <span aria-hidden>–</span>
          <input
            aria-label="End of the part"
            placeholder="End"
            inputMode="decimal"
            autoComplete="off"
            aria-invalid={problem !== null}
            aria-describedby={`${id}-times`}
            value={draft.end}
            onChange={({ target }) => change({ end: target.value })}
          />
        </span>
        <small id={`${id}-times`} role="status" className={styles.problem}>
          {problem}
        </small>
      </div>
      <div className={styles.field}>
        <label htmlFor={`${id}-size`}>Maximum download</label>
        <span className={styles.pair}>
          <input
            id={`${id}-size`}
            type="number"
            min="0"
            step="any"
            placeholder="No limit"
            value={draft.maxSize}
            onChange={({ target }) => change({ maxSize: target.value })}
          />
          <select
            aria-label="Unit of the maximum download"
            value={draft.sizeUnit}
            onChange={({ target }) => change({ sizeUnit: target.value === 'GB' ? 'GB' : 'MB' })}
          >
            <option>MB</option>
            <option>GB</option>
          </select>
        </span>
      </div>
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={draft.keepSource}
          onChange={({ target }) => change({ keepSource: target.checked })}
        />
        <span>
          Keep the source
          <small>The downloaded file stays beside what is made from it.</small>
        </span>
      </label>
      <label className={styles.check}>
        <input type="checkbox" checked={draft.force} onChange={({ target }) => change({ force: target.checked })} />
        <span>
          Do it again
          <small>Even where the library has it already.</small>
        </span>
      </label>
    </div>
  )
}
