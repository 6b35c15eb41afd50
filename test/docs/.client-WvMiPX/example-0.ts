import { Assay } from 'file:///work/wt-statistics/src/client/index.ts'

const assay = new Assay({ url: process.env.ASSAY_URL })

const answers: Record<string, string> = { France: 'Paris', Germany: 'Bonn', Japan: 'Tokyo' }

const result = await assay.runExperiment({
  name: 'capitals',
  data: [
    { input: 'France', expectedOutput: 'Paris' },
    { input: 'Germany', expectedOutput: 'Berlin' },
    { input: 'Japan', expectedOutput: 'Tokyo' },
  ],
  task: async ({ input }) => answers[input] ?? 'unknown',
  evaluators: [({ output, expectedOutput }) => ({ name: 'correct', value: output === expectedOutput })],
  runEvaluators: [
    ({ itemResults }) => ({ name: 'answered', value: itemResults.filter(({ output }) => output !== 'unknown').length }),
  ],
})

console.log(result.format())
