import type { JudgedItem } from '../../../domain/agreement/judge-figures.ts'
import type { CountedLabel } from '../../../domain/review/label-weights.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** Executions that a report reads at most: those of the newest runs. */
export const maxJudgedItems = 20_000
const maxRuns = 200

/** The runs that a version of an evaluator has scored, also those that another one has scored again since, with its name. */
function runsOf(version: string): string {
  return `(SELECT run_id, name FROM run_evaluator WHERE evaluator_version_id = ${version}
       UNION ALL SELECT run_id, name FROM former_evaluator WHERE evaluator_version_id = ${version})`
}

/** The newest runs that a version of an evaluator and people have scored under one name. */
export async function loadJudgedRuns(
  client: Queryable,
  projectId: string,
  versionId: string,
): Promise<{ runId: string; name: string }[]> {
  return queryRows<{ runId: string; name: string }>(
    client,
    `SELECT r.id AS "runId", re.name
     FROM ${runsOf('$2')} re
     JOIN run r ON r.id = re.run_id
     JOIN run_score_summary people ON people.run_id = re.run_id AND people.name = re.name AND people.source = 'HUMAN'
     WHERE r.project_id = $1
     ORDER BY r.created_at DESC LIMIT ${maxRuns}`,
    [projectId, versionId],
  )
}

/**
 * Of these executions those that a version of an evaluator and at least one person have scored under the name that it has in
 * their run. It begins with people's scores, of which there are few.
 */
export async function loadJudgedItems(
  client: Queryable,
  versionId: string,
  labels: readonly CountedLabel[],
): Promise<JudgedItem[]> {
  return queryRows<JudgedItem>(
    client,
    `WITH counted AS (
       SELECT c.*, re.name, r.dataset_version
       FROM unnest($2::uuid[], $3::int[], $4::float8[]) AS c (run_id, ordinal, probability)
       JOIN ${runsOf('$1')} re ON re.run_id = c.run_id
       JOIN run r ON r.id = c.run_id
     )
     SELECT json_build_object('value', e.value, 'label', e.label) AS judge, h.people, 1 / c.probability AS weight,
       i.output_bytes AS "outputBytes", COALESCE(v.tags, '{}') AS tags
     FROM counted c
     CROSS JOIN LATERAL (
       SELECT json_agg(json_build_object('value', value, 'label', label) ORDER BY author) AS people
       FROM score
       WHERE run_id = c.run_id AND ordinal = c.ordinal AND name = c.name AND source = 'HUMAN') h
     CROSS JOIN LATERAL (
       SELECT value, label FROM score WHERE run_id = c.run_id AND ordinal = c.ordinal AND name = c.name
         AND evaluator_version_id = $1 AND error IS NULL
       UNION ALL
       SELECT value, label FROM former_score WHERE run_id = c.run_id AND ordinal = c.ordinal AND name = c.name
         AND evaluator_version_id = $1 AND error IS NULL
       LIMIT 1) e
     JOIN run_item i ON i.run_id = c.run_id AND i.ordinal = c.ordinal
     LEFT JOIN dataset_item_revision v ON v.item_id = i.item_id AND v.valid_from <= c.dataset_version
       AND (v.valid_to IS NULL OR v.valid_to > c.dataset_version)
     WHERE h.people IS NOT NULL
     LIMIT ${maxJudgedItems}`,
    [
      versionId,
      labels.map(({ runId }) => runId),
      labels.map(({ ordinal }) => ordinal),
      labels.map(({ probability }) => probability),
    ],
  )
}

/** How often a pairwise judge said the same with the outputs in both orders, in the newest runs. */
export interface SwapCounts {
  /** Pairs that were judged in both orders. */
  pairs: number
  consistent: number
  /** Of the others, those in which it preferred whatever was shown first. */
  firstPreferred: number
}

export async function countSwaps(client: Queryable, projectId: string, versionId: string): Promise<SwapCounts> {
  const [found] = await queryRows<SwapCounts>(
    client,
    `SELECT count(*)::int AS pairs, count(*) FILTER (WHERE s.label <> 'inconsistent')::int AS consistent,
       count(*) FILTER (WHERE s.label = 'inconsistent' AND s.metadata ->> 'shownFirst' = 'first'
         AND s.metadata ->> 'shownSecond' = 'first')::int AS "firstPreferred"
     FROM (SELECT re.run_id, re.name FROM ${runsOf('$2')} re JOIN run r ON r.id = re.run_id
       WHERE r.project_id = $1 ORDER BY r.created_at DESC LIMIT ${maxRuns}) judged
     CROSS JOIN LATERAL (
       SELECT label, metadata FROM score WHERE run_id = judged.run_id AND name = judged.name
         AND evaluator_version_id = $2 AND error IS NULL AND ordinal IS NOT NULL
       UNION ALL
       SELECT label, metadata FROM former_score WHERE run_id = judged.run_id AND name = judged.name
         AND evaluator_version_id = $2 AND error IS NULL AND ordinal IS NOT NULL) s`,
    [projectId, versionId],
  )
  return found as SwapCounts
}
