/**
 * Runs all tests, then those that failed once more by themselves: on a busy machine, a test that waits for real
 * processes can run out of time. A test that passes the second time is reported as flaky. One that fails twice fails
 * the run, and so does any error outside of tests. The last line says how many passed and how many failed.
 */
import { startVitest, type TestCase, type TestModule, type TestRunResult } from 'vitest/node'

const say = (line: string) => process.stdout.write(`${line}\n`)

function findTests({ testModules }: TestRunResult, state: 'passed' | 'failed'): TestCase[] {
  return testModules.flatMap(({ children }) => [...children.allTests(state)])
}

/** Counts the errors outside of tests: files that do not load, hooks of files and groups, and uncaught errors. */
function countErrors({ testModules, unhandledErrors }: TestRunResult): number {
  const groups = testModules.flatMap((module) => [module, ...module.children.allSuites()])
  return groups.reduce((sum, group) => sum + group.errors().length, unhandledErrors.length)
}

/** Runs tests again, one file after the other, and returns the result of each file. */
async function runAlone(tests: TestCase[]): Promise<TestRunResult[]> {
  const results: TestRunResult[] = []
  for (const [module, those] of Map.groupBy(tests, (test): TestModule => test.module)) {
    say(`\nOnce more, by themselves: ${those.map(({ fullName }) => fullName).join(' · ')}`)
    // The result also holds the other files of the first run.
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications([module.toTestSpecification(those)])
    results.push({ testModules: testModules.filter(({ id }) => id === module.id), unhandledErrors })
  }
  return results
}

const vitest = await startVitest(process.argv.slice(2), { watch: false })
const first = { testModules: vitest.state.getTestModules(), unhandledErrors: vitest.state.getUnhandledErrors() }
const failed = findTests(first, 'failed')
const ids = new Set(failed.map(({ id }) => id))
const errorsAtFirst = countErrors(first)
const passedAtFirst = findTests(first, 'passed').length

const second = await runAlone(failed)
const flaky = second.flatMap((result) => findTests(result, 'passed')).filter(({ id }) => ids.has(id))
const errors = second.reduce((sum, result) => sum + countErrors(result), errorsAtFirst)
const passed = passedAtFirst + flaky.length
const red = ids.size - flaky.length
await vitest.close()

for (const { fullName, module } of flaky) say(`Flaky: ${fullName} (${module.relativeModuleId})`)
if (errors > 0) say(`Errors outside of tests: ${errors}`)
say(`${passed} passed, ${red} failed`)
process.exit(red > 0 || errors > 0 || passed === 0 ? 1 : 0)
