/** What the types of the client promise; a project that has nothing but the package compiles it. */
import { Assay, type Dataset, type ItemResult, result } from 'assay/client'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(..._: Equal<A, B> extends true ? [] : ['these types differ', A, B]): void {}

const assay = new Assay({ url: 'http://127.0.0.1:4000', apiKey: 'key' })
const data = [
  { input: { question: 'why?' }, expectedOutput: 'because', metadata: { level: 1 } },
  { input: { question: 'how?' }, expectedOutput: 'so', metadata: { level: 2 } },
]
const exact = ({ output, expectedOutput }: { output: string; expectedOutput?: string }) => output === expectedOutput
const wantsNumber = ({ output }: { output: number }) => output

export async function local() {
  const run = await assay.runExperiment({
    name: 'typed',
    data,
    task: async (item, { signal, repetition }) => {
      same<typeof item.input, { question: string }>()
      same<typeof item.expectedOutput, string>()
      same<typeof item.metadata, { level: number }>()
      same<typeof item.id, string | undefined>()
      same<typeof signal, AbortSignal>()
      return `${item.input.question} ${repetition}`
    },
    evaluators: [
      exact,
      ({ input, output, expectedOutput, metadata }) => {
        same<typeof input, { question: string }>()
        same<typeof output, string>()
        same<typeof expectedOutput, string | undefined>()
        same<typeof metadata, { level: number } | undefined>()
        return { name: 'length', value: output.length, comment: 'characters' }
      },
      async () => [1, true, 'label', null],
    ],
    compositeEvaluator: ({ output, evaluations }) => ({ name: 'sum', value: output.length + evaluations.length }),
    runEvaluators: [({ itemResults }) => itemResults.filter((item) => item.output === 'x').length],
  })
  same<(typeof run.itemResults)[number]['output'], string | undefined>()
  same<(typeof run.itemResults)[number]['input'], { question: string }>()
  const items: ItemResult[] = run.itemResults
  return items
}

export async function hosted(dataset: Dataset<string, number>) {
  const run = await dataset.runExperiment({
    name: 'typed',
    task: ({ input, expectedOutput }) => {
      same<typeof input, string>()
      same<typeof expectedOutput, number | undefined>()
      return result({ output: input.length, costUsd: 0.1 })
    },
    evaluators: [({ output, expectedOutput }) => output - (expectedOutput ?? 0), wantsNumber],
  })
  same<(typeof run.itemResults)[number]['output'], number | undefined>()
  for await (const item of dataset) same<typeof item.input, string>()
}

export const refused = [
  // @ts-expect-error a scorer of numbers for a task that returns text
  assay.runExperiment({ name: 'x', data, task: () => 'text', evaluators: [wantsNumber] }),
  // @ts-expect-error a task that reads what the items do not have
  assay.runExperiment({ name: 'x', data, task: ({ input }) => input.answer }),
  // @ts-expect-error an evaluator that returns no score
  assay.runExperiment({ name: 'x', data, task: () => 1, evaluators: [() => ({ points: 1 })] }),
]
