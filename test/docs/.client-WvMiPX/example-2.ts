import { Levenshtein } from 'autoevals'
import { Assay, result } from 'file:///work/wt-statistics/src/client/index.ts'

const assay = new Assay({ url: process.env.ASSAY_URL })

const { itemResults } = await assay.runExperiment({
  name: 'spelling',
  data: [{ input: 'acommodate', expectedOutput: 'accommodate' }],
  task: ({ input }) => result({ output: input.replace('ac', 'acc'), costUsd: 0.001, inputTokens: 3, outputTokens: 4 }),
  evaluators: [Levenshtein],
})
console.log(itemResults[0]?.evaluations)
