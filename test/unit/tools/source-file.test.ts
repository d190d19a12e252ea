import { appendFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openImport, takeImport } from '../../../tools/source-file.ts'

let root: string
let imports: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-import-'))
  imports = join(root, 'import')
  await mkdir(join(imports, 'sub'), { recursive: true })
  await writeFile(join(imports, 'clip.mp4'), 'clip')
  await writeFile(join(root, 'secret'), 'secret')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const watch = () => {
  const seen: number[] = []
  return { seen, signal: new AbortController().signal, onBytes: (done: number) => void seen.push(done) }
}

describe('openImport', () => {
  it('finds a file by a relative and by an absolute path', async () => {
    const relative = await openImport(imports, 'clip.mp4')
    expect(relative).toMatchObject({ title: 'clip', sizeBytes: 4 })
    expect(await openImport(imports, join(imports, 'clip.mp4'))).toEqual(relative)
    expect(await openImport(imports, 'sub/../clip.mp4')).toEqual(relative)
  })

  it('gives a changed file another stamp', async () => {
    const before = await openImport(imports, 'clip.mp4')
    await appendFile(join(imports, 'clip.mp4'), '!')
    expect((await openImport(imports, 'clip.mp4')).stamp).not.toBe(before.stamp)
  })

  it.each(['../secret', '/etc/passwd', '..', '.', '', 'sub/../../secret', 'out', 'outdir/secret', 'sub'])(
    'refuses %j',
    async (path) => {
      await symlink(join(root, 'secret'), join(imports, 'out'))
      await symlink(root, join(imports, 'outdir'))
      await expect(openImport(imports, path)).rejects.toMatchObject({ code: 'InvalidRequest' })
    },
  )

  it.each(['gone.mp4', 'sub/gone.mp4', 'a\0b'])('says that %j is not there', async (path) => {
    await expect(openImport(imports, path)).rejects.toMatchObject({ code: 'SourceNotFound' })
  })

  it('follows a link that stays inside', async () => {
    await symlink(join(imports, 'clip.mp4'), join(imports, 'sub', 'alias.mp4'))
    expect(await openImport(imports, 'sub/alias.mp4')).toMatchObject({ sizeBytes: 4 })
  })
})

describe('the title of a file', () => {
  it('is plain text, whatever the file is called', async () => {
    for (const name of ['red\u001b[31m\u202e.mp4', '\u0007.mp4']) await writeFile(join(imports, name), 'clip')
    expect((await openImport(imports, 'red\u001b[31m\u202e.mp4')).title).toBe('red[31m')
    expect((await openImport(imports, '\u0007.mp4')).title).toBe('')
  })
})

describe('takeImport', () => {
  it('leaves the file where it was', async () => {
    const seen = watch()
    const source = await openImport(imports, 'clip.mp4')
    await takeImport(source, join(root, 'taken'), seen)
    expect(await readFile(join(root, 'taken'), 'utf8')).toBe('clip')
    expect((await stat(source.path)).isFile()).toBe(true)
    expect(seen.seen.at(-1)).toBe(4)
  })

  it('is not reached by what is written into the file afterwards', async () => {
    const source = await openImport(imports, 'clip.mp4')
    await takeImport(source, join(root, 'apart'), watch())
    await writeFile(source.path, 'else')
    expect(await readFile(join(root, 'apart'), 'utf8')).toBe('clip')
    await expect(takeImport(source, join(root, 'again'), watch())).rejects.toMatchObject({ code: 'SourceUnavailable' })
    await writeFile(source.path, 'clip')
  })

  it('refuses a file that grew meanwhile', async () => {
    const source = await openImport(imports, 'clip.mp4')
    await appendFile(source.path, 'more')
    await expect(takeImport(source, join(root, 'taken'), watch())).rejects.toMatchObject({ code: 'SourceUnavailable' })
  })
})
