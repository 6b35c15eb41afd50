import type { LabelOrigin } from '../../../domain/review/label-weights.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * How the executions of runs that people gave a score came to be labelled. There are few such scores, and an index of those
 * that are not of evaluators.
 * @param labels runs with the name of the score
 */
export async function loadLabelOrigins(
  client: Queryable,
  labels: readonly { runId: string; name: string }[],
): Promise<LabelOrigin[]> {
  return queryRows<LabelOrigin>(
    client,
    `WITH wanted AS (SELECT * FROM unnest($1::uuid[], $2::text[]) AS w (run_id, name)),
     queue AS (
       SELECT q.id, q.run_id, q.created_at, json_build_object('id', q.id, 'kind', q.selection ->> 'kind', 'seed', q.seed,
         'items', q.item_count) AS facts
       FROM review_queue q JOIN wanted w ON w.run_id = q.run_id AND w.name = ANY (q.scores)
     ), labelled AS (
       SELECT DISTINCT s.run_id, s.ordinal FROM wanted w
       JOIN score s ON s.run_id = w.run_id AND s.name = w.name AND s.source = 'HUMAN' AND s.source <> 'EVALUATOR'
         AND s.ordinal IS NOT NULL
     )
     SELECT l.run_id AS "runId", l.ordinal,
       CASE WHEN found.facts IS NOT NULL
         THEN found.facts::jsonb || jsonb_build_object('probability', found.probability) END AS queue
     FROM labelled l
     LEFT JOIN (SELECT q.run_id, i.ordinal, q.facts, i.probability, q.created_at
       FROM queue q JOIN review_item i ON i.queue_id = q.id) found
       ON found.run_id = l.run_id AND found.ordinal = l.ordinal
     ORDER BY found.created_at DESC NULLS LAST, l.ordinal`,
    [labels.map(({ runId }) => runId), labels.map(({ name }) => name)],
  )
}
