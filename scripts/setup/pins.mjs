import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const TOOLS_FILE = join(import.meta.dirname, '../tools.txt')

/** Setting that replaces an installed tool; as in contract/tool-settings.ts, which a plain script can't read. */
export const OVERRIDES = {
  ffmpeg: 'SLUICE_FFMPEG',
  ffprobe: 'SLUICE_FFPROBE',
  packager: 'SLUICE_PACKAGER',
  ytdlp: 'SLUICE_YTDLP',
  deno: 'SLUICE_DENO',
  temporal: 'SLUICE_TEMPORAL',
}

/**
 * Reads scripts/tools.txt: requirements as pip reads them, each below a comment that says which tools it is for, how large its
 * download is on x86-64 Linux, and, where it is wanted for itself, what it was resolved from.
 */
export const parsePins = (text = readFileSync(TOOLS_FILE, 'utf8')) => {
  const pattern = /^# ([\w+]+), (\d+) MB(?:, from (\S+))?\n(([\w-]+)==([\w.]+)([^\n]*\n(?: {4}--hash=[^\n]*\n)*))/gm
  return [...text.matchAll(pattern)].map(([whole, group, megabytes, root, requirement, name, version]) => ({
    text: whole,
    group,
    tools: group.split('+'),
    megabytes: Number(megabytes),
    root: root ?? null,
    requirement,
    name,
    version,
    hashes: [...whole.matchAll(/sha256:([0-9a-f]{64})/g)].map(([, hash]) => hash),
  }))
}

/** The pins that this machine needs: not those whose every tool is set by hand, and the test server for tests only. */
export const wantedPins = ({ pins, env, test }) => {
  const isWanted = (tool) => (tool === 'testServer' ? test : !env[OVERRIDES[tool]])
  return pins.filter(({ tools }) => tools.some(isWanted))
}
