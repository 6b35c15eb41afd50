/**
 * A program that runs an experiment with the client, for the benchmark that measures it. Forked with `--expose-gc`; the
 * first argument is the URL of the server. Each message is the name of a dataset.
 */
import { Assay, type ExperimentResult } from '../../src/client/index.ts'

/** Memory: live after a garbage collection, with the results still held. */
export interface ClientMeasured {
  seconds: number
  cpuMs: number
  items: number
  correct: number
  aliveMb: number
}

const assay = new Assay({ url: process.argv[2] ?? '' })

async function measure(name: string): Promise<ClientMeasured> {
  const dataset = await assay.getDataset(name)
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const result: ExperimentResult = await dataset.runExperiment({
    name: `${name} by a client`,
    environment: false,
    serverEvaluators: [],
    task: ({ input }) => input,
    evaluators: [
      ({ output, expectedOutput }) => ({ name: 'same', value: output.question === expectedOutput.question }),
    ],
  })
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  globalThis.gc?.()
  const aliveMb = process.memoryUsage().heapUsed / 1_048_576
  const correct = result.itemResults.filter(({ evaluations }) => evaluations[0]?.value === true).length
  return { seconds, cpuMs: (user + system) / 1_000, items: result.itemResults.length, correct, aliveMb }
}

process.on('message', (name: string) => {
  void measure(name).then((measured) => process.send?.(measured))
})
process.send?.('ready')
