/** Functions for workers in fault tests and benchmarks: they cost nothing, or only time. */
import { isDeepStrictEqual } from 'node:util'
import { defineConfig } from '../../src/index.ts'

export default defineConfig({
  tasks: {
    echo: (input) => input,
    wait200: async (input) => {
      await new Promise((resolve) => setTimeout(resolve, 200))
      return input
    },
  },
  evaluators: {
    same: ({ output, expectedOutput }) => isDeepStrictEqual(output, expectedOutput),
  },
})
