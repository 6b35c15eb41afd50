// The example of the README on the runtime that executes this, with the built client: it must pass wherever that runs.
import { Assay } from '../../../dist/client/index.js'

const assay = new Assay()
const answers = { France: 'Paris', Germany: 'Bonn' }

const result = await assay.runExperiment({
  name: `capitals on ${process.argv[2]}`,
  data: [
    { input: 'France', expectedOutput: 'Paris' },
    { input: 'Germany', expectedOutput: 'Berlin' },
  ],
  task: async ({ input }) => answers[input],
  evaluators: [({ output, expectedOutput }) => ({ name: 'correct', value: output === expectedOutput })],
})
const run = await (await assay.runs.get(result.runId)).finished()
const items = []
for await (const item of run) items.push(item.output)

const [score] = run.stats.scores
const { source } = run.metadata
const seen = JSON.stringify([run.status, score?.mean, items.sort(), result.itemResults.length, typeof source])
const expected = JSON.stringify(['COMPLETED', 0.5, ['Bonn', 'Paris'], 2, 'string'])
if (seen !== expected) throw new Error(`expected ${expected}, got ${seen}`)
console.log(result.format())
