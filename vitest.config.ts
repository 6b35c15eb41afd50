import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** They take their time, and have a command of their own: `npm run test:processes`. */
export const processTests = [
  'test/{cli,deploy,docs,e2e,embedded-postgres,function-hosts,mcp}/**/*.test.ts',
  'test/{client,importers}/processes.test.ts',
]

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
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 30_000,
  },
})
