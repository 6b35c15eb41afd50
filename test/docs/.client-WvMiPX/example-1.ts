import { Assay } from 'file:///work/wt-statistics/src/client/index.ts'

const assay = new Assay({ url: process.env.ASSAY_URL })

const created = await assay.datasets.create<string, string>({ name: 'geography/capitals' })
await created.upsert([
  { key: 'fr', input: 'France', expectedOutput: 'Paris' },
  { key: 'de', input: 'Germany', expectedOutput: 'Berlin' },
])

const dataset = await assay.getDataset<string, string>('geography/capitals')
for await (const { key, input } of dataset) console.log(key, input)

const result = await dataset.runExperiment({
  name: 'capitals by rules',
  runName: 'baseline',
  task: ({ input }) => (input === 'France' ? 'Paris' : 'Bonn'),
  evaluators: [({ output, expectedOutput }) => ({ name: 'correct', value: output === expectedOutput })],
})
console.log(result.datasetRunUrl)
