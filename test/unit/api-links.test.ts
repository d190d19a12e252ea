import { describe, expect, it } from 'vitest'
import { createLinks } from '../../api/links.ts'

const temporal = { uiUrl: null, uiPort: null, address: null, namespace: 'default' }
const workflow = '/namespaces/default/workflows/ingest-1'

describe('links into the Temporal Web UI', () => {
  it.each([
    ['of the embedded server', {}, `http://127.0.0.1:8233${workflow}`],
    ['on a port of its own', { uiPort: 9_000 }, `http://127.0.0.1:9000${workflow}`],
    ['beside a server elsewhere', { address: 'temporal.example:7233' }, `http://temporal.example:8233${workflow}`],
    ['beside one named by its address', { address: '[::1]:7233' }, `http://[::1]:8233${workflow}`],
    ['where the setting says', { address: 't:7233', uiUrl: 'https://ui.example/' }, `https://ui.example${workflow}`],
  ])('%s', (_, settings, expected) => {
    expect(createLinks({ ...temporal, ...settings }).workflow('ingest-1')).toBe(expected)
  })
})
