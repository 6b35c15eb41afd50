import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** What hostile clients may not achieve: a server as shipped with a small heap, loads of a few seconds on loopback. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    isolate: true,
    include: ['test/hostile/**/*.hostile.ts'],
    exclude: [],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
})
