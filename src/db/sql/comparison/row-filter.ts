/** Which items of a comparison are shown. */
import type { Direction } from '../../../domain/evaluation.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { LackingRule } from '../../../domain/lacking-values.ts'
import { containing } from '../../columns.ts'
import { jsonContains, jsonMentions, type Parameter } from '../../conditions.ts'
import { executionsOfItems, itemPlaces } from '../run-item/item-places.ts'
import { differenceOf, type MetricValues, valuesOfMetric } from './metric-values.ts'

export type CellChange = 'IMPROVED' | 'REGRESSED' | 'CHANGED' | 'UNCHANGED' | 'MISSING'

/** A metric and the candidates it applies to, as run numbers from 2; none without a baseline. */
export interface MetricOfRuns {
  values: MetricValues
  /** What failed executions count as in it. */
  rules: readonly LackingRule[]
  direction: Direction
  candidates: readonly number[]
}

export interface RowFilter {
  /** Items whose metric changed like this in one of the candidates. */
  change?: { is: CellChange; metric: MetricOfRuns } | null
  /** Items whose outputs differ between the runs that have one. */
  differingOutputs?: boolean | null
  /** Items that failed in one run and succeeded in another. */
  failedInOne?: boolean | null
  /** Items that have all of these tags. */
  tags?: readonly string[] | null
  /** What their metadata has. */
  metadata?: Json
  /** Text anywhere in the input, expected output, an output or an error. */
  search?: string | null
  /** These items. */
  itemIds?: readonly string[]
}

/** Conditions on an item `i (item_id, run, position)` of `itemsOfRuns`, with the CTEs and the join that they need. */
export interface ItemFilter {
  ctes: string[]
  join: string
  conditions: string[]
}

/**
 * A FROM item `i (item_id, run, position)`: the items of each run, with its number and where they are in it; where the
 * filter lists items, these are looked up. `$1` contains the run ids.
 * @param repetitions of each run
 */
export function itemsOfRuns(repetitions: readonly number[], { itemIds }: RowFilter, parameter: Parameter): string {
  const run = 'array_position($1::uuid[], run_id)'
  return itemIds
    ? `(SELECT item_id, ${run} AS run, ordinal / (${parameter(repetitions)}::int[])[${run}] AS position
      FROM ${itemPlaces('$1', parameter(itemIds))}) i`
    : `(SELECT item_id, ${run} AS run, position FROM run_item WHERE run_id = ANY ($1::uuid[]) AND repetition = 0) i`
}

/** What the filter asks of items beside being listed. `$1` contains the run ids. */
export function filteredItems(datasetVersions: readonly number[], filter: RowFilter, parameter: Parameter): ItemFilter {
  const { change, differingOutputs, failedInOne, tags, metadata, search, itemIds } = filter
  const executions = `${executionsOfItems('x', '$1', 'ARRAY[i.item_id]', 'ARRAY[i.position]')} WHERE true`
  const revision = () => {
    const version = `(${parameter(datasetVersions)}::int[])[i.run]`
    return `dataset_item_revision v WHERE v.item_id = i.item_id
      AND v.valid_from <= ${version} AND (v.valid_to IS NULL OR v.valid_to > ${version})`
  }
  const conditions: string[] = []
  if (change) conditions.push(changed(change.is, change.metric))
  if (differingOutputs) {
    conditions.push(`(SELECT count(DISTINCT outputs) FROM (
      SELECT jsonb_agg(DISTINCT x.output) AS outputs
      FROM ${executions} AND x.status = 'SUCCEEDED' GROUP BY x.run_id) o) > 1`)
  }
  if (failedInOne) {
    conditions.push(`(SELECT bool_or(failed) AND NOT bool_and(failed) FROM (
      SELECT bool_or(x.status = 'FAILED') AS failed
      FROM ${executions} AND x.status IN ('FAILED', 'SUCCEEDED') GROUP BY x.run_id) f)`)
  }
  if (tags?.length) conditions.push(`EXISTS (SELECT FROM ${revision()} AND v.tags @> ${parameter(tags)}::text[])`)
  for (const has of jsonContains('v.metadata', metadata, parameter)) {
    conditions.push(`EXISTS (SELECT FROM ${revision()} AND ${has})`)
  }
  if (search) {
    conditions.push(`(EXISTS (SELECT FROM ${revision()}
        AND (${jsonMentions(['v.input', 'v.expected_output'], search, parameter)}))
      OR EXISTS (SELECT FROM ${executions}
        AND (${jsonMentions(['x.output'], search, parameter)}
          OR x.error ->> 'message' ILIKE ${parameter(containing(search))}))
      OR EXISTS (SELECT FROM dataset_item d WHERE d.id = i.item_id AND d.key ILIKE ${parameter(containing(search))}))`)
  }
  return {
    ctes: change
      ? [
          `filtered AS MATERIALIZED (${valuesOfMetric(change.metric.values, parameter, datasetVersions.length, change.metric.rules, itemIds)})`,
        ]
      : [],
    join: change ? 'LEFT JOIN filtered USING (item_id)' : '',
    conditions,
  }
}

function changed(is: CellChange, { direction, candidates }: MetricOfRuns): string {
  if (candidates.length === 0) return 'false'
  const conditions = candidates.map((run) => {
    const change = `(${differenceOf('filtered.v1', `filtered.v${run}`)})`
    if (is === 'MISSING') {
      return `(filtered.v1 IS NULL OR filtered.v${run} IS NULL) AND EXISTS (SELECT FROM ${itemPlaces(
        `ARRAY[($1::uuid[])[1], ($1::uuid[])[${run}]]`,
        'ARRAY[i.item_id]',
        'ARRAY[i.position]',
      )})`
    }
    if (is === 'UNCHANGED') return `${change} = 0`
    if (is === 'CHANGED') return `${change} <> 0`
    if (direction === 'NONE') return 'false'
    return `${change} ${(is === 'IMPROVED') === (direction === 'HIGHER_IS_BETTER') ? '>' : '<'} 0`
  })
  return `(${conditions.map((condition) => `COALESCE(${condition}, false)`).join(' OR ')})`
}
