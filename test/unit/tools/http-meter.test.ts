import { expect, it } from 'vitest'
import { createMeter, type Reading } from '../../../tools/http-meter.ts'

const meterAt = () => {
  const clock = { now: 0 }
  const readings: Reading[] = []
  const meter = createMeter(
    (reading) => readings.push(reading),
    () => clock.now,
  )
  return { clock, readings, meter }
}

it('tells at most ten times a second, however the bytes come', () => {
  const { clock, readings, meter } = meterAt()
  for (let position = 10; position <= 10_000; position += 10) {
    clock.now += 1
    meter.arrived(10, position, 10_000)
  }
  expect(readings).toHaveLength(10)
  expect(readings.at(-1)).toMatchObject({ totalBytes: 10_000, bytesPerSecond: 10_000 })
})

it('has the rate of the last seconds, also where a download begins anew', () => {
  const { clock, readings, meter } = meterAt()
  for (let second = 1; second <= 10; second += 1) {
    clock.now += 1_000
    meter.arrived(second <= 5 ? 1_000 : 500, second === 8 ? 500 : 100 * second, null)
  }
  expect(readings.at(-1)).toEqual({ doneBytes: 1_000, totalBytes: null, bytesPerSecond: 500 })
})

it('knows no rate before something has come', () => {
  const { readings, meter } = meterAt()
  meter.tell(0, 100)
  expect(readings).toEqual([{ doneBytes: 0, totalBytes: 100, bytesPerSecond: null }])
})
