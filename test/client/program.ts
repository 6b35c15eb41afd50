/** A program that runs an experiment: url, name, name of the run, number of items, milliseconds of each. */
import { Assay } from '../../src/client/index.ts'

const [url = '', name = '', runName = '', items = '0', ms = '0'] = process.argv.slice(2)
let executed = 0

const result = await new Assay({ url }).runExperiment({
  name,
  runName,
  version: '1',
  environment: false,
  data: Array.from({ length: Number(items) }, (_, n) => ({ input: n, expectedOutput: 2 * n })),
  task: async ({ input }) => {
    executed += 1
    if (Number(ms) > 0) await new Promise((resolve) => setTimeout(resolve, Number(ms)))
    return 2 * input
  },
  evaluators: [
    function exact({ output, expectedOutput }) {
      return output === expectedOutput
    },
  ],
})

const { itemResults, runId } = result
const sum = itemResults.reduce((total, { output }) => total + (output ?? 0), 0)
const scored = itemResults.filter(({ evaluations }) => evaluations[0]?.value === true).length
process.stdout.write(`result ${JSON.stringify({ runId, items: itemResults.length, executed, sum, scored })}\n`)
