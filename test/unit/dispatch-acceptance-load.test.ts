import { describe, expect, it } from 'vitest'
import { createAcceptanceLoad } from '../../dispatch/acceptance-load.ts'

const loadAt = () => {
  let time = 0
  const load = createAcceptanceLoad(() => time)
  return { ...load, pass: (ms: number) => (time += ms) }
}

describe('the load of accepting', () => {
  it('is nothing while jobs come one by one', () => {
    const load = loadAt()
    const seen = Array.from({ length: 100 }, () => {
      load.accepted(1)
      load.pass(15)
      return load.isBusy()
    })
    expect(seen).not.toContain(true)
  })

  it('is there while they come in a stream, and over soon after it', () => {
    const load = loadAt()
    const seen = Array.from({ length: 100 }, () => {
      load.accepted(1)
      load.pass(5)
      return load.isBusy()
    })
    expect(seen.slice(10)).not.toContain(false)
    load.pass(200)
    expect(load.isBusy()).toBe(false)
  })

  it('is there at once with a batch', () => {
    const load = loadAt()
    load.accepted(1_000)
    expect(load.isBusy()).toBe(true)
    load.pass(250)
    expect(load.isBusy()).toBe(false)
  })
})
