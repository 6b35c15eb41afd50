import { Assay } from 'file:///work/wt-statistics/src/client/index.ts'

const assay = new Assay({ url: process.env.ASSAY_URL })

for await (const run of assay.runs.list({ search: 'baseline' })) {
  const finished = await run.finished()
  console.log(finished.status, finished.stats.scores)
  for await (const item of run) console.log(item.input, item.output, item.scores)
}
