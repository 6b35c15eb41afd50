import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** Thousands of random documents on their way through the whole product; `SEED` and `DOCUMENTS` can be given. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    isolate: true,
    include: ['test/fuzz/**/*.fuzz.ts'],
    exclude: [],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
})
