/** Whatever is in one batch of a comparison is of one moment, while its runs execute. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Score } from '../../src/db/generated/prisma/client.ts'
import type { ShownRunItem } from '../../src/db/sql/run-item/run-item-columns.ts'
import { metricKey, scoreMetric } from '../../src/domain/metric.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine, withScores } from '../helpers/engine.ts'

let t: TestEngine
const size = 300

beforeAll(async () => {
  const run = async (input: number) => {
    await new Promise((resolve) => setTimeout(resolve, 20 + (input % 7)))
    if (input % 11 === 0) throw Object.assign(new Error('no'), { retryable: false })
    return input % 3 === 0 ? -1 : input
  }
  t = await createTestEngine({ tasks: [{ name: 'steady', run }] })
  const definition = { kind: 'builtin', type: 'exactMatch', ignoreCase: false, normalizeWhitespace: false } as const
  await createEvaluator(t.services, t.scope, {
    name: 'exact',
    definition: { ...definition, outputPath: null, expectedPath: null },
  })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

type Item = ShownRunItem & { scores?: Score[] }

test('a client that has received everything up to a batch can count every figure in it', async () => {
  const datasetId = await seedDataset(t, [...Array(size).keys()])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'steady' }, { concurrency: 2 })
  const runIds = [await start(experimentId), await start(experimentId)]
  const input = { baselineId: runIds[0] ?? '', candidateIds: [runIds[1] ?? ''] }
  const feed = await t.comparisons.subscribe(t.scope, input, null, AbortSignal.timeout(60_000), { stats: true })
  /** By dataset item: its executions in both runs. */
  const rows = new Map<string, Item[]>()
  let counted = 0
  let compared = 0
  for await (const { runs, rows: changed, stats, metrics, cursor, done } of feed) {
    for (const { itemId, cells } of changed)
      rows.set(
        itemId,
        cells.flatMap(({ items }) => items.map(withScores)),
      )
    const positions = Buffer.from(cursor, 'base64url').toString().split(':').at(-1)
    // Else there are more rows to come of this moment.
    if (positions !== runs.map(({ seq }) => seq).join('.')) continue
    const items = [...rows.values()].flat()
    for (const { id, running, succeeded, failed } of runs) {
      const count = (status: string) => items.filter((item) => item.runId === id && item.status === status).length
      expect({ running: count('RUNNING'), succeeded: count('SUCCEEDED'), failed: count('FAILED') }).toEqual({
        running,
        succeeded,
        failed,
      })
      const scores = items.filter(({ runId }) => runId === id).flatMap(({ scores = [] }) => scores)
      const summary = stats?.summaries.find(({ runId }) => runId === id)
      expect([summary?.count ?? 0, summary?.sum ?? 0]).toEqual([
        scores.length,
        scores.reduce((sum, { value }) => sum + (value ?? 0), 0),
      ])
    }
    if (!done) counted += 1
    const exact = metrics?.find(({ metric }) => metricKey(metric) === metricKey(scoreMetric('exact', 'EVALUATOR')))
    if (!exact) continue
    expect([exact.pairs, exact.sequencePairs]).toEqual(pairsOf([...rows.values()]))
    if (!done) compared += 1
  }
  expect([...rows.values()].flat()).toHaveLength(2 * size)
  expect(counted).toBeGreaterThan(3)
  expect(compared).toBeGreaterThan(1)
})

const start = async (experimentId: string) => (await startRun(t.services, t.scope, { experimentId })).id

/**
 * Items that have a value in both runs, which a failure is where the run has scored all else; and those of them that one
 * of the runs has scored before the first in the schedule that is still open.
 */
function pairsOf(rows: Item[][]): [pairs: number, sequencePairs: number] {
  const scoring = new Set(rows.flatMap((items) => items.filter(isScored)).map(({ runId }) => runId))
  const counts = (item: Item) => isScored(item) || (item.status === 'FAILED' && scoring.has(item.runId))
  const pairs = rows.filter((items) => items.filter(counts).length === 2)
  const settled = new Set(rows.filter((items) => items.filter(isOver).length === 2).map(positionOf))
  let frontier = 0
  while (settled.has(frontier)) frontier += 1
  return [pairs.length, pairs.filter((items) => items.some(isScored) && positionOf(items) < frontier).length]
}

const isScored = ({ scores = [] }: Item) => scores.length > 0

const isOver = ({ status }: Item) => status === 'SUCCEEDED' || status === 'FAILED'

const positionOf = (items: Item[]) => items[0]?.position ?? Number.NaN
