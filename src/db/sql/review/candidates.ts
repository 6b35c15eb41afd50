/** What a review queue can be made of: executions with an output, with what decides whether they are chosen. */
import type { InformationMeasure } from '../../../domain/review/selection.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { hasOutput } from '../run-item/run-item-columns.ts'
import { informationOf } from './information.ts'

export interface ReviewCandidate {
  ordinal: number
  itemId: string
  /** In [0, 1): of the item, and of the execution. They follow from the seed alone. */
  random: number
  randomOfExecution: number
}

/** The first 52 bits of a hash, as a number in [0, 1). */
function randomNumber(text: string): string {
  return `('x' || left(md5(${text}), 13))::bit(52)::bigint / 4503599627370496.0::float8`
}

/**
 * @param baselineId only executions for which this run has an output, too; null: all
 */
export async function loadReviewCandidates(
  client: Queryable,
  runId: string,
  seed: string,
  baselineId: string | null,
): Promise<ReviewCandidate[]> {
  return queryRows<ReviewCandidate>(
    client,
    `SELECT i.ordinal, i.item_id::text AS "itemId", ${randomNumber(`$2 || ':' || i.item_id`)} AS random,
       ${randomNumber(`$2 || ':' || i.item_id || ':' || i.repetition`)} AS "randomOfExecution"
     FROM run_item i
     WHERE i.run_id = $1 AND i.status = 'SUCCEEDED' AND ${hasOutput('i')}
       AND ($3::uuid IS NULL OR (i.item_id, i.repetition) IN (
         SELECT b.item_id, b.repetition FROM run_item b WHERE b.run_id = $3 AND b.status = 'SUCCEEDED'
           AND ${hasOutput('b')}))
     ORDER BY i.ordinal`,
    [runId, seed, baselineId],
  )
}

export interface CandidateInformation {
  ordinal: number
  /** Scores that it is computed from. */
  votes: number
  /** Between the largest and the smallest value; null without values. */
  range: number | null
  /** Different labels. */
  labels: number
  information: number | null
}

/** Of every execution of the run that has one of the scores. */
export async function loadInformation(
  client: Queryable,
  runId: string,
  measure: InformationMeasure,
  names: readonly string[],
  ofPeople = false,
): Promise<CandidateInformation[]> {
  const values: unknown[] = [runId]
  const from = informationOf(measure, names, (value) => `$${values.push(value)}`, ofPeople)
  return queryRows<CandidateInformation>(
    client,
    `SELECT i.ordinal, info.* FROM run_item i CROSS JOIN ${from}
     WHERE i.run_id = $1 AND i.status = 'SUCCEEDED' AND info.votes > 0`,
    values,
  )
}

/** What the evaluator of this name says of each execution, as a text. */
export async function loadStrata(
  client: Queryable,
  runId: string,
  name: string,
): Promise<{ ordinal: number; stratum: string }[]> {
  return queryRows<{ ordinal: number; stratum: string }>(
    client,
    `SELECT s.ordinal, COALESCE(s.value::text, s.label) AS stratum FROM score s
     JOIN run_score_summary u ON u.run_id = s.run_id AND u.name = s.name AND u.source = s.source
       AND (u.evaluator_version_id IS NULL OR s.evaluator_version_id = u.evaluator_version_id)
     WHERE s.run_id = $1 AND s.name = $2 AND s.source = 'EVALUATOR' AND s.ordinal IS NOT NULL AND s.error IS NULL`,
    [runId, name],
  )
}
