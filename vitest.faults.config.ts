import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** What must hold when things break: real processes, one file after the other; each test prints its figure. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    isolate: true,
    include: ['test/faults/**/*.fault.ts'],
    exclude: [],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 60_000,
    disableConsoleIntercept: true,
  },
})
