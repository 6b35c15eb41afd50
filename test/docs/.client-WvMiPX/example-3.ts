import { Assay } from 'file:///work/wt-statistics/src/client/index.ts'

const assay = new Assay({ url: process.env.ASSAY_URL })

const dataset = await assay.getDataset<string, string>('geography/capitals')
const candidate = await dataset.runExperiment({
  name: 'capitals by rules',
  task: ({ input }) => (input === 'France' ? 'Lyon' : 'Berlin'),
  evaluators: [({ output, expectedOutput }) => ({ name: 'correct', value: output === expectedOutput })],
})

const runs = assay.runs.list({ datasetId: dataset.id, search: 'baseline' })
for await (const baseline of runs) {
  const comparison = await candidate.compareTo(baseline)
  console.log(comparison.metric('correct')?.verdict)
  console.log(await comparison.regressions({ metric: 'correct', limit: 3 }))
}
console.log(await candidate.checkGate({ maxFailureRate: 0.1 }))
