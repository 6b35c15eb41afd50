/**
 * Evaluator versions take over the series of a run from those that gave them before. The old scores are kept apart, so
 * that whoever reads a series finds the scores of one version. The caller holds the run's lock.
 */
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { isOfRun } from '../evaluation/run-evaluations.ts'
import { modelPrices } from './pin-evaluators.ts'

/** What other versions have given that these take over. */
export interface Replaced {
  versionIds: string[]
  /** Of the series that these versions give, whoever gave them before. */
  names: string[]
}

/** The versions in their place so far: of the same evaluators, or of others of the same name. */
export async function findReplaced(client: Queryable, runId: string, versionIds: readonly string[]): Promise<Replaced> {
  const [found] = await queryRows<Replaced>(
    client,
    `WITH own AS (
       SELECT v.id, v.evaluator_id, COALESCE(re.name, e.name) AS name
       FROM evaluator_version v JOIN evaluator e ON e.id = v.evaluator_id
       LEFT JOIN run_evaluator re ON re.run_id = $1 AND re.evaluator_version_id = v.id
       WHERE v.id = ANY ($2::uuid[])
     )
     SELECT ARRAY(SELECT name FROM own) AS names, ARRAY(
       SELECT re.evaluator_version_id FROM run_evaluator re JOIN evaluator_version v ON v.id = re.evaluator_version_id
       WHERE re.run_id = $1 AND re.evaluator_version_id <> ALL ($2::uuid[])
         AND (v.evaluator_id IN (SELECT evaluator_id FROM own) OR re.name IN (SELECT name FROM own))
     ) AS "versionIds"`,
    [runId, versionIds],
  )
  return found as Replaced
}

const columns = `id, run_id, ordinal, name, data_type, value, label, comment, metadata, cost_usd, evaluator_version_id,
  error, created_at`

const ofOthers = `source = 'EVALUATOR' AND (evaluator_version_id = ANY ($2::uuid[])
  OR name = ANY ($3::text[]) AND NOT COALESCE(evaluator_version_id = ANY ($4::uuid[]), false))`

/**
 * Puts the scores of others aside: those of items from one ordinal to before another, or of the run as a whole. What a
 * version gave even earlier is replaced.
 */
export async function putScoresAside(
  client: Queryable,
  runId: string,
  { versionIds, names }: Replaced,
  own: readonly string[],
  range: { from: number; to: number } | 'RUN',
): Promise<void> {
  const where = range === 'RUN' ? 'ordinal IS NULL' : 'ordinal >= $5 AND ordinal < $6'
  await client.query(
    `WITH gone AS (DELETE FROM score WHERE run_id = $1 AND ${where} AND ${ofOthers} RETURNING ${columns})
     INSERT INTO former_score (${columns}) SELECT ${columns} FROM gone
     ON CONFLICT (run_id, ordinal, name, evaluator_version_id) DO UPDATE SET id = excluded.id,
       data_type = excluded.data_type, value = excluded.value, label = excluded.label, comment = excluded.comment,
       metadata = excluded.metadata, cost_usd = excluded.cost_usd, error = excluded.error,
       created_at = excluded.created_at`,
    [runId, versionIds, names, own, ...(range === 'RUN' ? [] : [range.from, range.to])],
  )
}

/** Ends the series of others, whose scores have been put aside, and pins the versions with series of their own. */
export async function takeOver(
  client: Queryable,
  runId: string,
  { versionIds, names }: Replaced,
  own: readonly string[],
): Promise<void> {
  const given = [runId, versionIds, names, own]
  await client.query(
    `WITH gone AS (DELETE FROM run_score_summary WHERE run_id = $1 AND ${ofOthers} RETURNING name)
     DELETE FROM run_score_label WHERE run_id = $1 AND source = 'EVALUATOR' AND name IN (SELECT name FROM gone)`,
    given,
  )
  await client.query(
    `WITH gone AS (
       DELETE FROM run_evaluator WHERE run_id = $1 AND evaluator_version_id = ANY ($2::uuid[])
       RETURNING run_id, evaluator_version_id, name
     )
     INSERT INTO former_evaluator (run_id, evaluator_version_id, name) SELECT * FROM gone ON CONFLICT DO NOTHING`,
    [runId, versionIds],
  )
  await client.query(`DELETE FROM former_evaluator WHERE run_id = $1 AND evaluator_version_id = ANY ($2::uuid[])`, [
    runId,
    own,
  ])
  await client.query(
    `WITH pinned AS (
       INSERT INTO run_evaluator (run_id, evaluator_version_id, name, prices, timeout_ms, max_attempts)
       SELECT $1, v.id, e.name, ${modelPrices('e.project_id')}, e.timeout_ms, e.max_attempts
       FROM evaluator_version v JOIN evaluator e ON e.id = v.evaluator_id
       WHERE v.id = ANY ($2::uuid[])
       ON CONFLICT (run_id, evaluator_version_id) DO UPDATE SET prices = excluded.prices,
         timeout_ms = excluded.timeout_ms, max_attempts = excluded.max_attempts
       RETURNING evaluator_version_id, name
     )
     INSERT INTO run_score_summary (run_id, name, source, evaluator_version_id, data_type, direction, lowest, highest,
       categories, failure_policy)
     SELECT $1, p.name, 'EVALUATOR', v.id, v.data_type, v.direction, COALESCE(v.min, c.min), COALESCE(v.max, c.max),
       COALESCE(v.categories, c.categories), v.failure_policy
     FROM pinned p JOIN evaluator_version v ON v.id = p.evaluator_version_id AND NOT ${isOfRun('v')}
     JOIN evaluator e ON e.id = v.evaluator_id
     LEFT JOIN score_config c ON c.project_id = e.project_id AND c.name = p.name AND c.data_type = v.data_type
     ON CONFLICT DO NOTHING`,
    [runId, own],
  )
}
