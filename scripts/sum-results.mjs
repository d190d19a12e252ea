/**
 * Sums vitest's JSON results into the line that ends a CI run. A command that failed without a failed test in its results, as
 * a linter does, or a run that broke, counts as one failure more.
 * Usage: node scripts/sum-results.mjs FAILED_COMMANDS RESULTS.json…
 */
import { readFileSync } from 'node:fs'

const [failedCommands, ...files] = process.argv.slice(2)
let passed = 0
let failed = 0
for (const file of files) {
  try {
    const results = JSON.parse(readFileSync(file, 'utf8'))
    passed += results.numPassedTests
    failed += results.numFailedTests
  } catch (error) {
    // The run did not get as far as its tests: its exit code says so, and is among the failed commands.
    if (error.code !== 'ENOENT') throw error
  }
}
const total = Math.max(failed, Number(failedCommands))
console.log(`${passed} passed, ${total} failed`)
process.exitCode = total > 0 || passed === 0 ? 1 : 0
