import { defineConfig } from 'vitest/config'
import base, { processTests } from './vitest.config.ts'

/** Tests that start processes: the commands, servers and workers as users start them, embedded PostgreSQL, examples of the docs. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: processTests, exclude: [], isolate: true },
})
