import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** The built pages in a browser, used as a person does. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    isolate: true,
    include: ['test/dashboard/**/*.test.ts'],
    exclude: [],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 90_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
  },
})
