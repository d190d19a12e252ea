/**
 * Installs what Sluice needs, into this folder alone, and builds what is stale; see scripts/setup/install.mjs.
 * Needs nothing but Node, and reads by a Node too old for the rest, so that it can say so. `--test` adds what tests need;
 * with `--start` wrong settings are left to what starts next.
 */
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Sluice needs Node 20.19 or newer; this is ${process.versions.node}.`)
  process.exit(1)
}
const { install } = await import('./setup/install.mjs')
try {
  const [test, start] = ['--test', '--start'].map((flag) => process.argv.includes(flag))
  await install({ test, start, env: process.env, stream: process.stderr })
} catch (error) {
  if (error.name !== 'SetupError') throw error
  console.error(`\n${error.message}`)
  process.exitCode = 1
}
