/** Finished runs of one dataset, written directly into the tables. */
import type { Queryable } from '../../src/db/client.ts'

export interface SeededRuns {
  datasetId: string
  runIds: string[]
}

/**
 * A dataset of `items` items, ten to a passage, with one or two of seven tags, and `runs` runs that have outputs of about 100 characters, latency, cost and two scores:
 * `correct` (BOOLEAN) and `similarity` (NUMERIC); about a tenth of the items differ between runs.
 */
export async function seedRuns(db: Queryable, items: number, runs: number): Promise<SeededRuns> {
  const one = async (text: string, values: unknown[]) =>
    (await db.query<{ id: string }>(text, values)).rows[0]?.id ?? ''
  const project = await one('SELECT id FROM project LIMIT 1', [])
  const datasetId = await one(
    `INSERT INTO dataset (project_id, name, seed, version, item_count, updated_at)
     VALUES ($1, gen_random_uuid()::text, 'seed', 1, $2, now()) RETURNING id`,
    [project, items],
  )
  await db.query(
    `WITH item AS (
       INSERT INTO dataset_item (dataset_id, identity) SELECT $1, 'key:' || n FROM generate_series(1, $2::int) n
       RETURNING id, identity
     )
     INSERT INTO dataset_item_revision (item_id, dataset_id, valid_from, input, expected_output, metadata, tags, digest)
     SELECT id, $1, 1, jsonb_build_object('question', 'What is the answer to number ' || identity), to_jsonb(identity),
            jsonb_build_object('passage', id / 10), ARRAY['tag ' || id % 5, 'tag ' || id % 7], '' FROM item`,
    [datasetId, items],
  )
  const experiment = await one(
    `INSERT INTO experiment (project_id, dataset_id, name, task, settings, updated_at)
     VALUES ($1, $2, gen_random_uuid()::text, '{"kind":"module","name":"x"}', '{}', now()) RETURNING id`,
    [project, datasetId],
  )
  const runIds: string[] = []
  for (let arm = 0; arm < runs; arm++) {
    const id = await one(
      `INSERT INTO run (project_id, experiment_id, dataset_id, dataset_version, name, status, seed, task, settings, seq,
                        total, queued, succeeded, finished_at)
       VALUES ($1, $2, $3, 1, 'run', 'COMPLETED', 'seed', '{"kind":"module","name":"x"}',
               '{"concurrency":10,"repetitions":1,"timeoutMs":60000,"maxAttempts":3,"budgetUsd":null,"maxFailureRate":null,"cache":false}',
               $4, $4, 0, $4, now()) RETURNING id`,
      [project, experiment, datasetId, items],
    )
    await db.query(
      `INSERT INTO run_item (run_id, ordinal, item_id, position, repetition, status, output, attempts, latency_ms, cost_usd,
                             seq, started_at, finished_at)
       SELECT $1, n, item_id, n, 0, 'SUCCEEDED', to_jsonb(repeat('The answer to that question is ', 3) || item_id % (7 + $3::int)), 1,
              100 + (item_id * 7919 + $3 * 31) % 97, 0.001 + ((item_id * 104729 + $3) % 53) / 1e5, n + 1, now(), now()
       FROM (SELECT item_id, (row_number() OVER (ORDER BY md5('seed:' || item_id), item_id) - 1)::int AS n
             FROM dataset_item_revision WHERE dataset_id = $2) item ORDER BY n`,
      [id, datasetId, arm],
    )
    await db.query(
      `INSERT INTO score (run_id, ordinal, name, data_type, value, source)
       SELECT run_id, ordinal, s.name, s.data_type::"ScoreDataType", s.value, 'EVALUATOR'
       FROM run_item CROSS JOIN LATERAL (VALUES
         ('correct', 'BOOLEAN', ((item_id * 31 + CASE WHEN item_id % 10 = 0 THEN $2::int ELSE 0 END) % 3 < 2)::int::float8),
         ('similarity', 'NUMERIC', ((item_id * 17 + $2 * (item_id % 10 / 9) * 13) % 101) / 100.0)
       ) AS s (name, data_type, value) WHERE run_id = $1 ORDER BY ordinal`,
      [id, arm],
    )
    await db.query(
      `INSERT INTO run_score_summary (run_id, name, source, data_type, direction, failure_policy, count, items, sum)
       SELECT run_id, name, 'EVALUATOR', data_type, 'HIGHER_IS_BETTER', 'MISSING', count(*), count(*), sum(value) FROM score WHERE run_id = $1 GROUP BY run_id, name, data_type`,
      [id],
    )
    runIds.push(id)
  }
  await db.query('ANALYZE dataset_item, dataset_item_revision, run_item, score')
  return { datasetId, runIds }
}
