import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** 20,000 seeded runs of each promise of the statistics; takes about half an hour of one core, a file at most 15 minutes. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    isolate: true,
    include: ['test/simulations/**/*.sim.ts'],
    exclude: [],
    globalSetup: [],
    testTimeout: 1_200_000,
    disableConsoleIntercept: true,
  },
})
