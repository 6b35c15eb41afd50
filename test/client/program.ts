/**
 * A program that runs an experiment: url, name, name of the run, number of items, milliseconds of each. It executes at most
 * so many, the sixth argument, and then hangs; with `held` there its items wait for a SIGUSR2.
 */
import { once } from 'node:events'
import { Assay } from '../../src/client/index.ts'

const [url = '', name = '', runName = '', items = '0', ms = '0', most] = process.argv.slice(2)
const released = most === 'held' ? once(process, 'SIGUSR2') : null
let executed = 0

const result = await new Assay({ url }).runExperiment({
  name,
  runName,
  version: '1',
  environment: false,
  data: Array.from({ length: Number(items) }, (_, n) => ({ input: n, expectedOutput: 2 * n })),
  task: async ({ input }) => {
    if (executed >= Number(most)) await new Promise(() => {})
    if (executed === 0) process.stdout.write('begun\n')
    executed += 1
    await released
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
