import { Histogram, type Registry } from 'prom-client'

export interface StepMetrics {
  stepEnded(step: { step: string; outcome: string; durationMs: number }): void
}

/** Duration of every attempt, by step and how it ended. */
export const createStepMetrics = (registry: Registry): StepMetrics => {
  const duration = new Histogram({
    name: 'sluice_step_duration_seconds',
    help: 'Time from the start to the end of one attempt at a step',
    labelNames: ['step', 'outcome'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600],
    registers: [registry],
  })
  return {
    stepEnded: ({ step, outcome, durationMs }) => duration.observe({ step, outcome }, durationMs / 1_000),
  }
}
