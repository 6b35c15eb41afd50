/**
 * After any writes the summary of every series equals what its scores say: evaluators of runs with and without
 * repetitions, people and programs that score, score again and delete, labels and numbers of any size.
 */
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ScoreSource } from '../../src/domain/evaluation.ts'
import { seededRandom } from '../../src/domain/statistics/seeded-random.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { retryFailedItems } from '../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { deleteScores, type SetScoreInput, setScores } from '../../src/engine/scores.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'

const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
const random = seededRandom(seed)
const below = (n: number) => Math.floor(random() * n)
const oneOf = <T>(values: readonly T[]) => values[below(values.length)] as T

const numbers = [0, 1, 0.1, 0.7, -3.25, 1e15, 1e15 + 1, 1e100, -1e100, 1e-200, 5e-324, 2 / 3]
let failing = true
let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      {
        name: 'flaky',
        run: (input: number) => {
          if (failing && input % 7 === 0) throw new Error('not now')
          return input
        },
      },
    ],
    evaluators: [
      {
        name: 'number',
        evaluate: ({ output }) => (output % 11 === 0 ? fail() : output % 17 === 0 ? 'n/a' : oneOf(numbers)),
      },
      { name: 'pass', dataType: 'BOOLEAN', evaluate: ({ output }) => (output % 5 === 0 ? null : oneOf([true, false])) },
      { name: 'tone', dataType: 'CATEGORICAL', evaluate: () => oneOf(['kind', 'rude', '']) },
      {
        name: 'several',
        dataType: 'TEXT',
        evaluate: ({ output }) => [
          { name: 'length', value: output },
          { name: 'mood', value: output % 13 === 0 ? 4 : oneOf(['up', 'down']) },
        ],
      },
    ],
  })
  for (const name of ['number', 'pass', 'tone', 'several']) {
    await createEvaluator(t.services, t.scope, { name, definition: { kind: 'module', module: name } })
  }
  await setScoreConfig(t.services, t.scope, {
    ...{ name: 'mood', dataType: 'CATEGORICAL', direction: 'NONE', categories: ['up', 'down'] },
  })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

function fail(): never {
  throw new Error('no score')
}

/** What a reader of the scores alone would say of a series. */
interface Expected {
  count: number
  errorCount: number
  scoreCount: number
  items: number
  sum: number
  m2: number
  min: number | null
  max: number | null
  labels: Record<string, number>
}

interface Row {
  name: string
  source: ScoreSource
  ordinal: number
  data_type: string
  value: number | null
  label: string | null
  error: unknown
}

async function expectedOf(runId: string, repetitions: number): Promise<Record<string, Expected>> {
  const { rows } = await t.db.pool.query<Row>('SELECT * FROM score WHERE run_id = $1 AND ordinal IS NOT NULL', [runId])
  const series = Map.groupBy(rows, ({ name, source }) => `${name} ${source}`)
  return Object.fromEntries(
    [...series].map(([key, own]) => {
      const executions = [...Map.groupBy(own, ({ ordinal }) => ordinal)].map(([ordinal, scores]) => {
        const given = scores.filter(({ error }) => error === null)
        const values = given.flatMap(({ value }) => value ?? [])
        const counts = [
          ...Map.groupBy(
            given.flatMap(({ label }) => label ?? []),
            (label) => label,
          ),
        ].map(([label, all]) => [label, all.length] as const)
        const most = Math.max(0, ...counts.map(([, n]) => n))
        const winners = counts.filter(([, n]) => n === most)
        return {
          position: Math.floor(ordinal / repetitions),
          scores: given.length,
          value: values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null,
          label: winners.length === 1 ? (winners[0]?.[0] ?? null) : null,
        }
      })
      const withValue = executions.filter(({ value }) => value !== null) as { position: number; value: number }[]
      const items = [...Map.groupBy(withValue, ({ position }) => position).values()].map(
        (all) => all.reduce((sum, { value }) => sum + value, 0) / all.length,
      )
      const sum = items.reduce((a, b) => a + b, 0)
      const labels: Record<string, number> = {}
      if (own[0]?.data_type === 'CATEGORICAL') {
        for (const { label } of executions) if (label !== null) labels[label] = (labels[label] ?? 0) + 1
      }
      const all = withValue.map(({ value }) => value)
      return [
        key,
        {
          count: executions.filter(({ scores }) => scores > 0).length,
          errorCount: executions.filter(({ scores }) => scores === 0).length,
          scoreCount: executions.reduce((n, { scores }) => n + scores, 0),
          items: items.length,
          sum,
          m2: items.reduce((m2, value) => m2 + (value - sum / items.length) ** 2, 0),
          min: all.length > 0 ? Math.min(...all) : null,
          max: all.length > 0 ? Math.max(...all) : null,
          labels,
        },
      ]
    }),
  )
}

async function storedOf(runId: string): Promise<Record<string, Expected>> {
  const [summaries, labels] = await Promise.all([
    t.db.prisma.runScoreSummary.findMany({ where: { runId } }),
    t.db.prisma.runScoreLabel.findMany({ where: { runId, count: { not: 0 } } }),
  ])
  return Object.fromEntries(
    summaries.map(({ name, source, count, errorCount, scoreCount, items, sum, m2, min, max }) => {
      const own = labels.filter((label) => label.name === name && label.source === source)
      const counts = Object.fromEntries(own.map(({ label, count }) => [label, count]))
      return [`${name} ${source}`, { count, errorCount, scoreCount, items, sum, m2, min, max, labels: counts }]
    }),
  )
}

function closeTo(value: number, scale: number) {
  return expect.toSatisfy((other: number) => Math.abs(other - value) <= 1e-9 * Math.max(Math.abs(value), scale))
}

/** Scores of another type than their series has: they would make its mean one of other things than it counts. */
async function strangers(runId: string): Promise<unknown[]> {
  const { rows } = await t.db.pool.query(
    `SELECT name, source, value, label FROM score s JOIN run_score_summary r USING (run_id, name, source)
     WHERE s.run_id = $1 AND s.ordinal IS NOT NULL AND s.error IS NULL
       AND (s.data_type <> r.data_type OR (s.value IS NULL) = (r.data_type IN ('NUMERIC', 'BOOLEAN')))`,
    [runId],
  )
  return rows
}

async function check(runId: string, repetitions: number): Promise<number> {
  expect(await strangers(runId)).toEqual([])
  const [stored, expected] = [await storedOf(runId), await expectedOf(runId, repetitions)]
  // The evaluator gives only scores of other names.
  const { 'several EVALUATOR': silent, ...others } = stored
  expect(silent).toMatchObject({ count: 0, errorCount: 0, scoreCount: 0, items: 0 })
  const close = Object.entries(expected).map(([key, series]) => {
    const largest = Math.max(Math.abs(series.min ?? 0), Math.abs(series.max ?? 0))
    const scale = { sum: closeTo(series.sum, largest), m2: closeTo(series.m2, largest ** 2 * 1e-6) }
    return [key, { ...series, ...scale }]
  })
  expect(others).toEqual(Object.fromEntries(close))
  return Object.values(expected).reduce((n, { scoreCount, errorCount }) => n + scoreCount + errorCount, 0)
}

const names = {
  likes: () => ({ value: oneOf(numbers) }),
  number: () => ({ value: oneOf(numbers) }),
  agrees: () => ({ dataType: 'BOOLEAN' as const, value: below(2) }),
  mood: () => ({ label: oneOf(['up', 'down']) }),
  words: () => ({ dataType: 'TEXT' as const, label: oneOf(['fine', 'well']) }),
}

test.for([1, 3])(
  'with %i repetitions, every summary equals its scores after a thousand random writes of each kind',
  { timeout: 120_000 },
  async (repetitions, { annotate }) => {
    await annotate(`SEED=${seed}`)
    const total = repetitions === 1 ? 200 : 70
    failing = true
    const datasetId = await seedDataset(
      t,
      Array.from({ length: total }, (_, n) => n),
    )
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'flaky' }, { repetitions })
    const { id: runId } = await startRun(t.services, t.scope, { experimentId })
    const ended = followRun(t, runId)
    let writes = 0
    for (let round = 0; round < 45; round++) {
      const person = { ...t.scope.person, name: oneOf(['ann', 'bob', 'cy']) }
      const inputs = Array.from({ length: 1 + below(40) }, (): SetScoreInput => {
        const name = oneOf(Object.keys(names) as (keyof typeof names)[])
        const source = oneOf(['HUMAN', 'API'] as const)
        // Few items, so that the same ones are scored again and by several.
        return { runId, ordinal: below(30), name, source, ...names[name]() }
      })
      const different = [
        ...new Map(inputs.map((input) => [`${input.ordinal} ${input.name} ${input.source}`, input])).values(),
      ]
      await setScores(t.services, { ...t.scope, person }, different)
      writes += different.length
      if (round % 3 === 0) {
        const { rows } = await t.db.pool.query<{ id: string }>(
          `SELECT id::text FROM score WHERE run_id = $1 AND (source <> 'EVALUATOR' OR id % 9 = 0) ORDER BY md5(id || $2) LIMIT $3`,
          [runId, String(seed + round), 1 + below(25)],
        )
        await deleteScores(
          t.services,
          t.scope,
          rows.map(({ id }) => ({ runId, id })),
        )
        writes += rows.length
      }
      if (round % 15 === 14)
        await check(runId, repetitions).catch((error) => {
          throw new Error(`SEED=${seed}`, { cause: error })
        })
    }
    await ended
    failing = false
    await retryFailedItems(t.services, t.scope, runId)
    await followRun(t, runId)
    writes += await check(runId, repetitions)
    expect(writes).toBeGreaterThan(1_000)
  },
)
