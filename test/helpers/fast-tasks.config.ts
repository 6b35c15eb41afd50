/** Tasks for fault tests and benchmarks that cost nothing, or only time. */
import { defineConfig } from '../../src/index.ts'

export default defineConfig({
  tasks: {
    echo: (input) => input,
    wait200: async (input) => {
      await new Promise((resolve) => setTimeout(resolve, 200))
      return input
    },
  },
})
