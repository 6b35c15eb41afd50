import { defineConfig } from 'vitest/config'
import type { TestCase } from 'vitest/node'
import base, { processTests } from './vitest.config.ts'

/**
 * Of what depends on many processes: on a shared machine each of them may get no turn for seconds. `.ci/run` names the tests
 * that needed a second attempt.
 */
export const attempts = {
  retry: process.env.CI ? 1 : 0,
  reporters: ['default', { onTestCaseResult: nameRetried }],
}

function nameRetried(test: TestCase): void {
  if (test.diagnostic()?.flaky) console.log(` RETRIED  ${test.module.relativeModuleId} > ${test.fullName}`)
}

/** Tests that start processes: the commands, servers and workers as users start them, embedded PostgreSQL, examples of the docs. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: processTests, exclude: [], isolate: true, ...attempts },
})
