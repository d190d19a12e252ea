import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { extensionOf } from '../../../tools/source-type.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-type-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const packets = (sync: number): Buffer => {
  const bytes = Buffer.alloc(3 * 188)
  for (const packet of [0, 1, 2]) bytes[packet * 188] = sync
  return bytes
}

describe('extensionOf', () => {
  it.each([
    ['clip.mp4', packets(0x47), 'ts'],
    ['clip.mp4', packets(0x46), 'mp4'],
    ['clip.mp4', Buffer.concat([Buffer.from('1A45DFA3', 'hex'), Buffer.from('....webm....')]), 'webm'],
    ['clip', Buffer.concat([Buffer.from('1A45DFA3', 'hex'), Buffer.from('..matroska..')]), 'mkv'],
    ['sound.mp3', Buffer.from('OggS....'), 'ogg'],
    ['sound', Buffer.from('RIFF....WAVEfmt '), 'wav'],
    ['CLIP.MOV', Buffer.from('....ftypqt'), 'mov'],
    ['clip.mp4?x', Buffer.from('text'), 'bin'],
    ['clip.tar.averylongending', Buffer.from('text'), 'bin'],
    ['noname', Buffer.alloc(0), 'bin'],
    ['moving', Buffer.from('\0\0\0 ftypisom'), 'mp4'],
    ['moving.bin', Buffer.from('\0\0\0 ftypqt  '), 'mov'],
    ['sounding', Buffer.from('\0\0\0 ftypM4A '), 'm4a'],
    ['sounding.bin', Buffer.from('ID3\u0004'), 'mp3'],
    ['flashing', Buffer.from('FLV\u0001'), 'flv'],
  ])('%s', async (name, bytes, expected) => {
    const path = join(dir, name)
    await writeFile(path, bytes)
    expect(await extensionOf(path)).toBe(expected)
  })
})
