import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import type { TestCase } from 'vitest/node'

/** They start processes, which takes its time, or need one of their own; `npm run test:processes` runs them. */
export const processTests = [
  'test/{cli,deploy,docs,e2e,embedded-postgres,function-hosts,mcp}/**/*.test.ts',
  'test/{client,importers}/processes.test.ts',
  'test/db/migrate-snapshots.test.ts',
  // It builds another schema.
  'test/schema/undeclared-errors.test.ts',
]

function nameRetried(test: TestCase): void {
  if (test.diagnostic()?.flaky) console.log(` RETRIED  ${test.module.relativeModuleId} > ${test.fullName}`)
}

export default defineConfig({
  // Two copies of graphql in one process refuse each other's schemas ("another module or realm").
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/faults/**',
      'test/hostile/**',
      'test/fuzz/**',
      'test/bench/**',
      'test/dashboard/**',
      ...processTests,
    ],
    globalSetup: 'test/helpers/global-setup.ts',
    pool: 'forks',
    maxWorkers: 2,
    // A file need not load everything again; what its tests change of modules or the environment they restore.
    isolate: false,
    // Bounds for what hangs: how fast the machine is decides no test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    expect: { poll: { timeout: 20_000, interval: 25 } },
    // On a shared machine a process may get no turn for seconds, and work may cost several times what it does. `.ci/run` names
    // the tests that needed another attempt.
    retry: process.env.CI ? 2 : 0,
    reporters: ['default', { onTestCaseResult: nameRetried }],
  },
})
