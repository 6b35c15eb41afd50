/**
 * Scores the outputs of runs of 10,000 items again by a new version of a builtin evaluator, beside the runs themselves, with
 * a subscriber each: fails below half of their rate. `npm run bench`, or with another number of items.
 */
import { defaultRunSettings } from '../../src/domain/run.ts'
import { createEvaluator, updateEvaluator } from '../../src/engine/evaluators.ts'
import { rescoreRuns } from '../../src/engine/runs/rescore-runs.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedBench, startBench } from './harness.ts'
import { serve } from './served.ts'

const [size = 10_000] = process.argv.slice(2).map(Number)
const rounds = 5
const bench = await startBench([])
const definition = (ignoreArrayOrder: boolean) => ({
  ...{ kind: 'builtin', type: 'jsonEquals', outputPath: null, expectedPath: null },
  ignoreArrayOrder,
})
const { id } = await createEvaluator(bench.services, bench.scope, { name: 'exact', definition: definition(false) })
const served = await serve(bench.url)
const settings = { ...defaultRunSettings, concurrency: 50 }

async function rates(round: number): Promise<{ run: number; rescoring: number }> {
  const experimentId = await seedBench(bench, size, 'echo', settings)
  const run = await served.measure(async () => (await startRun(bench.services, bench.scope, { experimentId })).id)
  await updateEvaluator(bench.services, bench.scope, { id, definition: definition(round % 2 === 0) })
  const rescoring = await served.measure(async () => {
    await rescoreRuns(bench.services, bench.scope, { runIds: [run.runId], evaluatorIds: [id] })
    return run.runId
  })
  const scores = await bench.db.prisma.score.count({
    where: { runId: run.runId, evaluatorVersion: { currentOf: { some: { id } } } },
  })
  if (scores !== size) throw new Error(`Expected ${size} scores of the new version, got ${scores}.`)
  return { run: size / run.seconds, rescoring: size / rescoring.seconds }
}

// Compiles everything and opens all connections.
await rates(0)
const measured: { run: number; rescoring: number }[] = []
for (let round = 1; round <= rounds; round += 1) {
  const one = await rates(round)
  measured.push(one)
  console.log(`executed ${one.run.toFixed(0)}/s, scored again ${one.rescoring.toFixed(0)}/s`)
}
const ratios = measured.map(({ run, rescoring }) => rescoring / run).sort((a, b) => a - b)
const ratio = ratios[ratios.length >> 1] ?? Number.NaN
console.log(
  `${ratio >= 0.5 ? 'ok    ' : 'MISSED'} ${size} outputs scored again: ${ratio.toFixed(2)} of the rate of runs (at least 0.50)`,
)
await served[Symbol.asyncDispose]()
await bench[Symbol.asyncDispose]()
process.exitCode = ratio >= 0.5 ? 0 : 1
