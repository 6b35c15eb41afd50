/** Figures of a run that are maintained with every change, against the items and scores that they are about. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { TaskError } from '../../../src/domain/execution/task.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { retryFailedItems } from '../../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { deleteScore, setScore } from '../../../src/engine/scores.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let runId: string
let failing = true

beforeAll(async () => {
  t = await startTestServer({
    tasks: [
      {
        name: 'halves',
        run: (input: number) => {
          if (!failing && input % 5 === 0) return input
          if (input % 6 === 0) throw new TaskError('OWN', 'no sixths', { retryable: false })
          if (input % 3 === 0) throw new Error('no thirds')
          return input % 5 === 0 ? 2n : input
        },
      },
    ],
    evaluators: [
      { name: 'distance', evaluate: ({ output }: { output: number }) => (output % 4 === 0 ? null : output - 20) },
      { name: 'odd', dataType: 'BOOLEAN', evaluate: ({ output }: { output: number }) => output % 2 === 1 },
    ],
  })
  for (const name of ['distance', 'odd']) {
    await createEvaluator(t.services, t.scope, { name, definition: { kind: 'module', module: name } })
  }
  const datasetId = await seedDataset(
    t,
    Array.from({ length: 60 }, (_, n) => n),
  )
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'halves' }, { maxAttempts: 1 })
  await t.startWorker()
  runId = (await startRun(t.services, t.scope, { experimentId })).id
  await followRun(t, runId)
})
afterAll(() => t[Symbol.asyncDispose]())

async function figures() {
  const { data, errors } = await t.query(
    `query($id: ID!) { run(id: $id) { durationMs startedAt finishedAt progress { failed }
      stats { failures { code count } latencyMs { min p50 p90 p95 p99 max } scores { name source min max mean } } } }`,
    { id: encodeGlobalId('Run', runId) },
  )
  expect(errors).toBeUndefined()
  return data.run
}

/** The same, read from the items and the scores. */
async function plainFigures() {
  const failures = await t.db.pool.query(
    `SELECT replace(error ->> 'code', 'OWN', 'TASK_FAILED') AS code, count(*)::int AS count FROM run_item WHERE run_id = $1 AND status = 'FAILED'
     GROUP BY 1 ORDER BY 2 DESC, 1`,
    [runId],
  )
  const scores = await t.db.pool.query(
    `SELECT name, source, min(value), max(value)
     FROM run_score_summary LEFT JOIN (SELECT * FROM score WHERE ordinal IS NOT NULL) score USING (run_id, name, source)
     WHERE run_id = $1 GROUP BY 1, 2 ORDER BY 1, 2`,
    [runId],
  )
  return { failures: failures.rows, scores: scores.rows }
}

async function expectPlainFigures() {
  const { stats } = await figures()
  const plain = await plainFigures()
  expect(stats.failures).toEqual(plain.failures)
  expect(stats.scores).toMatchObject(plain.scores)
  return plain
}

test('a run has its failures by code, the extremes of its scores and the quantiles of its latency', async () => {
  const { failures, scores } = await expectPlainFigures()
  expect(failures).toEqual([
    { code: 'TASK_FAILED', count: 20 },
    { code: 'INVALID_OUTPUT', count: 8 },
  ])
  expect(scores).toMatchObject([
    { name: 'distance', min: -19 },
    { name: 'odd', min: 0, max: 1 },
  ])
  const { durationMs, startedAt, finishedAt, stats } = await figures()
  expect(durationMs).toBe(Date.parse(finishedAt) - Date.parse(startedAt))
  const { min, p50, p90, p95, p99, max } = stats.latencyMs
  const quantiles = [min, p50, p90, p95, p99, max]
  expect(quantiles).toEqual(quantiles.toSorted((a, b) => a - b))
})

test('items that are retried no longer count as failures, those that fail again do', async () => {
  failing = false
  await retryFailedItems(t.services, t.scope, runId)
  await followRun(t, runId)
  const { failures } = await expectPlainFigures()
  expect(failures).toEqual([{ code: 'TASK_FAILED', count: 16 }])
})

test('extremes are those of the scores that are left, whatever was set, replaced and deleted', async () => {
  let random = 1
  const next = (below: number) => {
    random = (random * 48_271) % 2_147_483_647
    return random % below
  }
  const set = new Map<string, string>()
  for (let n = 0; n < 80; n++) {
    const ordinal = next(6)
    const name = ['distance', 'odd', 'stars', 'tone'][next(4)] as string
    const key = `${ordinal} ${name}`
    const id = set.get(key)
    if (id && next(3) === 0) {
      await deleteScore(t.services, t.scope, { runId, id })
      set.delete(key)
    } else {
      const value = { odd: next(2), stars: 1 + next(5), distance: next(200) - 100 }[name]
      const given = value === undefined ? { label: ['kind', 'rude'][next(2)] } : { value }
      const score = await setScore(t.services, t.scope, { runId, ordinal, name, source: 'HUMAN', ...given })
      set.set(key, String(score.id))
    }
    if (n % 10 === 0) await expectPlainFigures()
  }
  const scores = await t.db.prisma.score.findMany({ where: { runId, name: 'distance', source: 'EVALUATOR' } })
  for (const { id } of scores.sort((a, b) => Number(b.value) - Number(a.value))) {
    await deleteScore(t.services, t.scope, { runId, id: String(id) })
    const { stats } = await figures()
    const left = scores.slice(scores.findIndex((score) => score.id === id) + 1).map(({ value }) => value)
    const [distance] = stats.scores
    expect(distance).toMatchObject({ min: left.at(-1) ?? null, max: left[0] ?? null })
  }
})

test('each mutation of a document shows what it has changed, whatever those before it have read', async () => {
  const mutation = (alias: string, value: number) => `${alias}: setScore(input: {
    target: { runId: $id }, name: "whole", value: ${value}, comment: "${alias}"
  }) { ... on SetScorePayload { score { run { cursor scores { name value } } } } }`
  const { data, errors } = await t.query(`mutation($id: ID!) { ${mutation('first', 1)} ${mutation('second', 2)} }`, {
    id: encodeGlobalId('Run', runId),
  })
  expect(errors).toBeUndefined()
  const [first, second] = [data.first.score.run, data.second.score.run]
  expect([first, second].map(({ scores }) => scores)).toMatchObject([[{ value: 1 }], [{ value: 2 }]])
  expect(second.cursor).not.toBe(first.cursor)
})

test('the failures that a process of an older version wrote, which does not count them by code, are counted', async () => {
  await t.db.pool.query(
    `UPDATE run_item SET status = 'FAILED', output = NULL, error = '{"code": "TIMEOUT"}' WHERE run_id = $1 AND ordinal = 4`,
    [runId],
  )
  await t.db.pool.query('UPDATE run SET succeeded = succeeded - 1, failed = failed + 1 WHERE id = $1', [runId])
  const { failures } = await expectPlainFigures()
  expect(failures).toContainEqual({ code: 'TIMEOUT', count: 1 })
})

test('the own codes of tasks are one kind of failure, also where a run of before counted them apart', async () => {
  const counted = { OWN: 2, OTHER: 1, TASK_FAILED: 3, TIMEOUT: 4 }
  await t.db.prisma.run.update({ where: { id: runId }, data: { failures: counted } })
  expect((await figures()).stats.failures).toEqual([
    { code: 'TASK_FAILED', count: 6 },
    { code: 'TIMEOUT', count: 4 },
  ])
})
