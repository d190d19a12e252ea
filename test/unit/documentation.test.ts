import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { settings } from '../../config.ts'
import { FAILURES } from '../../contract/failures.ts'
import { PRESET_NAMES, PRESETS } from '../../contract/presets.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const readme = read('README.md')
const decisions = readdirSync(join(root, 'docs/adr')).toSorted()
const documents = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...decisions.map((name) => `docs/adr/${name}`),
]

/** Cells of the table rows whose first cell begins with code. */
const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )

const section = (heading: string): string => {
  const text = readme.split(`\n## ${heading}\n`)[1]
  if (text === undefined) throw new Error(`README.md has no section "${heading}"`)
  return text.split('\n## ')[0] ?? ''
}

/** As GitHub makes the anchors of headings. */
const anchorsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )

describe('the README', () => {
  it('has every setting with its meaning', () => {
    const documented = rows(section('Settings')).map(([name = '', , meaning = '']) => [name, meaning])
    expect(documented).toEqual(settings.map(({ name, meaning }) => [`\`${name}\``, meaning]))
  })

  it('has every failure with its number of tries', () => {
    const documented = rows(section('When something goes wrong')).flatMap(([codes = '', tries]) =>
      codes.split(', ').map((code) => `${code.replaceAll('`', '')} ${tries}`),
    )
    const known = Object.entries(FAILURES).map(([code, { tries }]) => `${code} ${tries === Infinity ? '–' : tries}`)
    expect(documented.toSorted()).toEqual(known.toSorted())
  })

  it('has every preset with its height', () => {
    const documented = rows(section('Presets and options').split('| option |')[0] ?? '')
    const heights = documented.map((cells) => [cells[0]?.replaceAll(/`|\(default\)| /g, ''), cells.at(-1)])
    expect(heights).toEqual(PRESET_NAMES.map((name) => [name, String(PRESETS[name].maxHeight ?? '–')]))
  })
})

describe('the documents', () => {
  it.each(documents)('%s has no link that leads nowhere', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link)
    const broken = links.filter((link) => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
    })
    expect(broken).toEqual([])
  })

  it('number the decisions one after the other', () => {
    const numbers = decisions.map((_, index) => String(index + 1).padStart(3, '0'))
    expect(decisions.map((name) => name.slice(0, 3))).toEqual(numbers)
    expect(decisions.map((name) => read(`docs/adr/${name}`).slice(0, 7))).toEqual(numbers.map((n) => `# ${n}: `))
  })

  it('name whatever is written into the data directory', () => {
    const folders = ['activities', 'api', 'catalog', 'cli', 'observability', 'progress', 'scripts', 'storage', 'tools']
    const files = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    const sources = [...files.filter((path) => path.endsWith('.ts')), 'config.ts', 'worker.ts'].map(read).join('\n')
    const written = [...sources.matchAll(/\bdataDir(?:, '|\}\/)([\w.-]+)/g)].map(([, name = '']) => name)
    expect(new Set(written)).toContain('cache')
    const [first] = read('docs/operations.md').split('\n## Back up')
    const named = rows(first ?? '').flatMap(([names = '']) => names.match(/[\w.-]+/g) ?? [])
    expect([...new Set(written)].filter((name) => !named.some((start) => name.startsWith(start)))).toEqual([])
  })

  it('map every folder of code', () => {
    const isCode = (name: string) => readdirSync(join(root, name)).some((file) => /\.tsx?$/.test(file))
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^\.|^(node_modules|dist|data|docs|test)$/.test(entry.name))
      .filter(({ name }) => isCode(name))
    const map = read('docs/architecture.md')
    expect(folders.map(({ name }) => name).filter((name) => !map.includes(`\`${name}/\``))).toEqual([])
  })
})
