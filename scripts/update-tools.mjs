/**
 * Moves yt-dlp, and what it depends on, to the newest version: sites change in weeks. All other pins stay.
 * `npm run update-tools -- --all` moves every pin. Rewrites scripts/tools.txt with hashes for each platform and installs it.
 */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parsePins, TOOLS_FILE } from './setup/pins.mjs'
import { ensureEnvironment } from './setup/python.mjs'
import { createTaskList } from './setup/task-list.mjs'

const run = promisify(execFile)
const PLATFORMS = {
  'linux x86_64': ['manylinux_2_28_x86_64', 'manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'],
  'linux aarch64': [
    'manylinux_2_28_aarch64',
    'manylinux_2_27_aarch64',
    'manylinux_2_17_aarch64',
    'manylinux2014_aarch64',
  ],
  'darwin arm64': ['macosx_14_0_arm64'],
  'darwin x86_64': ['macosx_14_0_x86_64'],
}
/** Only cffi has wheels that differ by Python version. */
const PYTHON_VERSIONS = ['3.11', '3.12', '3.13', '3.14']

const [python, ...pip] = await ensureEnvironment(createTaskList(process.stderr))

const report = async (args) => {
  const { stdout } = await run(
    python,
    [...pip, 'install', '--dry-run', '--ignore-installed', '--quiet', '--report', '-', ...args],
    { maxBuffer: 64 * 2 ** 20 },
  )
  return JSON.parse(stdout).install
}

const normalized = (name) => name.toLowerCase().replaceAll(/[-_.]+/g, '-')

/** Newest versions that go together. @returns {Promise<Map<string, string>>} */
const resolveVersions = async (requirements) => {
  const installs = await report(requirements)
  const versions = new Map(installs.map(({ metadata }) => [normalized(metadata.name), metadata.version]))
  const ytDlp = installs.find(({ metadata }) => normalized(metadata.name) === 'yt-dlp')
  // The solver scripts have to be exactly those that this yt-dlp was made with; its `default` extra, which would say so to
  // pip, also pulls in what Sluice does not use.
  const solver = ytDlp?.metadata.requires_dist.find((line) => /^yt-dlp-ejs==[\w.]+\s*;.*'default'|"default"/.test(line))
  const pinned = /^yt-dlp-ejs==([\w.]+)/.exec(solver ?? '')
  if (pinned) versions.set('yt-dlp-ejs', pinned[1])
  return versions
}

/** Hashes and platforms of one version. */
const wheelsOf = async (name, version) => {
  const hashes = new Map()
  const platforms = new Set()
  let megabytes = 0
  for (const [platform, tags] of Object.entries(PLATFORMS)) {
    for (const python of name === 'cffi' ? PYTHON_VERSIONS : ['3.11']) {
      const args = tags.flatMap((tag) => ['--platform', tag])
      const target = ['--target', join('.tools', 'none'), '--python-version', python, ...args]
      const wanted = `${name}==${version}`
      const [wheel] = await report(['--no-deps', '--only-binary=:all:', ...target, wanted]).catch(() => [])
      if (!wheel) continue
      platforms.add(platform)
      hashes.set(wheel.download_info.archive_info.hashes.sha256, platform)
      if (platform === 'linux x86_64') {
        const head = await fetch(wheel.download_info.url, { method: 'HEAD' })
        megabytes = Math.max(megabytes, Number(head.headers.get('content-length')) / 1e6)
      }
    }
  }
  if (hashes.size === 0) throw new Error(`${name} ${version} has no wheel for any platform`)
  return { hashes: [...hashes.keys()], platforms, megabytes: Math.max(1, Math.round(megabytes)) }
}

const markerOf = (platforms) => {
  if (platforms.size === Object.keys(PLATFORMS).length) return ''
  const terms = [...platforms].map((platform) => {
    const [system, machine] = platform.split(' ')
    return `(sys_platform == '${system}' and platform_machine == '${machine}')`
  })
  return ` ; ${terms.join(' or ')}`
}

const lines = readFileSync(TOOLS_FILE, 'utf8')
const pins = parsePins(lines)
const header = lines.slice(0, lines.indexOf(pins[0].text))
const isAll = process.argv.includes('--all')
const roots = pins.filter(({ root }) => root !== null)
const moving = roots.filter(({ name }) => isAll || name === 'yt-dlp').map(({ root }) => root)
const versions = await resolveVersions(moving)

let text = header
let moved = 0
for (const pin of pins) {
  const version = versions.get(pin.name) ?? pin.version
  if (version === pin.version && pin.hashes.length > 0) {
    text += pin.text
    continue
  }
  moved += 1
  process.stdout.write(`${pin.name} ${pin.version} → ${version}\n`)
  const { hashes, platforms, megabytes } = await wheelsOf(pin.name, version)
  const comment = `# ${pin.group}, ${megabytes} MB${pin.root === null ? '' : `, from ${pin.root}`}\n`
  const hashLines = hashes.map((hash) => ` \\\n    --hash=sha256:${hash}`).join('')
  text += `${comment}${pin.name}==${version}${markerOf(platforms)}${hashLines}\n`
}
if (moved === 0) process.stdout.write('Every tool is at its newest version.\n')
else writeFileSync(TOOLS_FILE, text)
const installed = spawnSync(process.execPath, [join(import.meta.dirname, 'setup.mjs')], { stdio: 'inherit' })
process.exitCode = installed.status ?? 1
