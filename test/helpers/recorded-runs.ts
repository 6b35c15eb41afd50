/** Runs with known results, written directly into the tables. */
import type { Direction, FailurePolicy } from '../../src/domain/evaluation.ts'
import type { Json } from '../../src/domain/json/json.ts'
import type { RunItemStatus, RunStatus } from '../../src/domain/run.ts'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { seedDataset, seedExperiment, type TestEngine } from './engine.ts'

/** The result of one execution of an item. */
export interface RecordedExecution {
  /** The item's position in the dataset, from 0. */
  item: number
  repetition?: number
  status?: RunItemStatus
  output?: Json
  error?: string
  latencyMs?: number | null
  costUsd?: number | null
  /** Numbers are NUMERIC, booleans BOOLEAN, strings CATEGORICAL; null is a failed evaluator. */
  scores?: Record<string, number | boolean | string | null>
}

interface RecordedRunOptions {
  status?: RunStatus
  repetitions?: number
  datasetVersion?: number
  /** The direction of scores that are not HIGHER_IS_BETTER. */
  directions?: Record<string, Direction>
  /** What failed executions count as in scores; default: they are missing. */
  policies?: Record<string, FailurePolicy>
  /** The lowest and the highest value of numeric scores. */
  ranges?: Record<string, [number, number]>
}

/** Writes a run with these executions, in the order of the dataset's schedule. @returns its id */
export async function recordRun(
  t: TestEngine,
  datasetId: string,
  executions: RecordedExecution[],
  {
    status = 'COMPLETED',
    repetitions = 1,
    datasetVersion = 1,
    directions = {},
    policies = {},
    ranges = {},
  }: RecordedRunOptions = {},
): Promise<string> {
  const { prisma, pool } = t.db
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'recorded' })
  const count = (...states: RunItemStatus[]) =>
    executions.filter(({ status = 'SUCCEEDED' }) => states.includes(status)).length
  const { id } = await prisma.run.create({
    data: {
      projectId: t.scope.projectId,
      experimentId,
      datasetId,
      datasetVersion,
      name: 'recorded',
      status,
      seed: 'seed',
      task: {},
      settings: { ...defaultRunSettings, repetitions },
      seq: executions.length,
      total: executions.length,
      queued: count('QUEUED'),
      running: count('RUNNING'),
      succeeded: count('SUCCEEDED'),
      failed: count('FAILED'),
      failures: count('FAILED') > 0 ? { TASK_FAILED: count('FAILED') } : {},
      cancelled: count('CANCELLED'),
    },
  })
  const rows = executions.map((execution) => ({
    repetition: 0,
    status: 'SUCCEEDED',
    output: null,
    ...execution,
    latencyMs: execution.latencyMs ?? null,
    costUsd: execution.costUsd ?? null,
    error: execution.error ? { code: 'TASK_FAILED', message: execution.error, retryable: false } : null,
  }))
  await pool.query(
    `WITH item AS (
       SELECT id, (row_number() OVER (ORDER BY id) - 1)::int AS n FROM dataset_item WHERE dataset_id = $2
     ), execution AS (
       SELECT item.id, (dense_rank() OVER (ORDER BY md5('seed:' || item.id), item.id) - 1)::int AS position, e.*
       FROM jsonb_to_recordset($3::jsonb) AS e (item int, repetition int, status "RunItemStatus", output jsonb, error jsonb,
         "latencyMs" float8, "costUsd" float8)
       JOIN item ON item.n = e.item
     )
     INSERT INTO run_item (run_id, ordinal, item_id, position, repetition, status, output, output_bytes, error,
                           attempts, latency_ms, cost_usd, seq)
     SELECT $1, position * $4::int + repetition, id, position, repetition, status,
            CASE WHEN status = 'SUCCEEDED' THEN output END,
            CASE WHEN status = 'SUCCEEDED' THEN octet_length(COALESCE(output, 'null')::text) END, error,
            1, "latencyMs", "costUsd", row_number() OVER ()
     FROM execution`,
    [id, datasetId, JSON.stringify(rows), repetitions],
  )
  const scores = executions.flatMap(({ item, repetition = 0, scores = {} }) =>
    Object.entries(scores).map(([name, value]) => ({
      item,
      repetition,
      name,
      dataType: typeof value === 'boolean' ? 'BOOLEAN' : typeof value === 'string' ? 'CATEGORICAL' : 'NUMERIC',
      value: typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? value : null,
      label: typeof value === 'string' ? value : null,
      error: value === null ? { code: 'EVALUATOR_FAILED', message: 'no', retryable: false } : null,
      direction: directions[name] ?? 'HIGHER_IS_BETTER',
    })),
  )
  await pool.query(
    `WITH item AS (
       SELECT id, (row_number() OVER (ORDER BY id) - 1)::int AS n FROM dataset_item WHERE dataset_id = $2
     ), given AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset($3::jsonb) AS s (item int, repetition int, name text, "dataType" "ScoreDataType",
         value float8, label text, error jsonb, direction "Direction")
     ), summary AS (
       INSERT INTO run_score_summary (run_id, name, source, data_type, direction, lowest, highest, failure_policy, count,
         error_count, score_count, items, sum, m2, min, max)
       SELECT $1, name, 'EVALUATOR', max("dataType"), max(direction), ($5::jsonb -> name ->> 0)::float8,
         ($5::jsonb -> name ->> 1)::float8, COALESCE($4::jsonb ->> name, 'MISSING')::"FailurePolicy", sum(count), sum(errors), sum(count),
         count(value), COALESCE(sum(value), 0), COALESCE(var_pop(value) * count(value), 0), min(min), max(max)
       FROM (
         SELECT name, item, max("dataType") AS "dataType", max(direction) AS direction,
           count(COALESCE(value::text, label)) AS count, count(error) AS errors, avg(value) AS value, min(value), max(value)
         FROM given GROUP BY name, item
       ) item GROUP BY name
     )
     INSERT INTO score (run_id, ordinal, name, data_type, value, label, source, error)
     SELECT $1, i.ordinal, g.name, g."dataType", g.value, g.label, 'EVALUATOR', g.error
     FROM given g JOIN item ON item.n = g.item
     JOIN run_item i ON i.run_id = $1 AND i.item_id = item.id AND i.repetition = g.repetition`,
    [id, datasetId, JSON.stringify(scores), JSON.stringify(policies), JSON.stringify(ranges)],
  )
  return id
}

/** Two finished runs of three items, which differ in every output and score. */
export async function recordTwoRuns(t: TestEngine): Promise<{ datasetId: string; runs: string[] }> {
  const datasetId = await seedDataset(t, [1, 2, 3])
  const record = (good: boolean) =>
    recordRun(
      t,
      datasetId,
      [0, 1, 2].map((item) => ({ item, output: `${item} ${good}`, scores: { good } })),
    )
  return { datasetId, runs: [await record(false), await record(true)] }
}
