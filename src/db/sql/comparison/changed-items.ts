/**
 * The items whose content differs between the versions of the dataset that compared runs used: another input, expected
 * output or metadata is another question, or another answer key.
 */
import type { Queryable } from '../../client.ts'
import { numberColumn, numbers } from '../../number-columns.ts'
import { queryRows } from '../../query-rows.ts'
import { perRun } from './metric-values.ts'

/** A dataset and the version of it that each run used, baseline first. */
export interface UsedVersions {
  datasetId: string
  versions: readonly number[]
}

/** How many items that both runs have differ, in the runs' versions of the dataset. */
export interface ContentDifferences {
  /** Number of the candidate, from 2. */
  run: number
  items: number
  input: number
  expectedOutput: number
  metadata: number
}

/** Whether any candidate used another version than the baseline. */
export function usesOtherVersions({ versions: [baseline, ...others] }: UsedVersions): boolean {
  return others.some((version) => version !== baseline)
}

/** A CTE `changed (run, item_id, input, expected_output, metadata)`: for each candidate the items that differ, and in what. */
export function changedItemsSql({ datasetId, versions }: UsedVersions, parameter: (value: unknown) => string): string {
  const [baseline, ...candidates] = versions
  const others = candidates.flatMap((version, index) => (version === baseline ? [] : [`(${index + 2}, ${version})`]))
  const at = (revision: string, version: string) =>
    `${revision}.valid_from <= ${version} AND (${revision}.valid_to IS NULL OR ${revision}.valid_to > ${version})`
  return `changed AS MATERIALIZED (
    SELECT * FROM (
      SELECT v.run, a.item_id, a.input <> b.input AS input,
        a.expected_output IS DISTINCT FROM b.expected_output AS expected_output,
        a.metadata IS DISTINCT FROM b.metadata AS metadata
      FROM (VALUES ${others.join(', ')}) AS v (run, version)
      JOIN dataset_item_revision a ON a.dataset_id = ${parameter(datasetId)}::uuid AND ${at('a', String(baseline))}
      JOIN dataset_item_revision b ON b.item_id = a.item_id AND b.id <> a.id AND ${at('b', 'v.version')}
    ) revised WHERE input OR expected_output OR metadata)`
}

/** For each candidate with changed items that are in it and in the baseline. */
export async function countChangedItems(
  db: Queryable,
  runIds: readonly string[],
  used: UsedVersions,
): Promise<ContentDifferences[]> {
  if (!usesOtherVersions(used)) return []
  const values: unknown[] = [runIds]
  const changed = changedItemsSql(used, (value) => `$${values.push(value)}`)
  return queryRows<ContentDifferences>(
    db,
    `WITH ${changed}
     SELECT c.run, count(*)::int AS items, ${perPart((part, name) => `count(*) FILTER (WHERE c.${part})::int AS "${name}"`)}
     FROM changed c
     JOIN (VALUES ${perRun(runIds.length - 1, (n) => `(${n + 1}, ($1::uuid[])[${n + 1}])`)}) AS candidate (run, id) USING (run)
     WHERE EXISTS (SELECT FROM run_item i WHERE i.item_id = c.item_id AND i.run_id = ($1::uuid[])[1])
       AND EXISTS (SELECT FROM run_item i WHERE i.item_id = c.item_id AND i.run_id = candidate.id)
     GROUP BY c.run`,
    values,
  )
}

/** For each candidate, in order, the ids of the items whose content differs from that of the baseline. */
export async function loadChangedItemIds(db: Queryable, runs: number, used: UsedVersions): Promise<Set<number>[]> {
  const values: unknown[] = []
  const changed = changedItemsSql(used, (value) => `$${values.push(value)}`)
  const rows = await queryRows<{ run: number; ids: Buffer }>(
    db,
    `WITH ${changed} SELECT run, ${numberColumn('item_id')} AS ids FROM changed GROUP BY run`,
    values,
  )
  return Array.from({ length: runs - 1 }, (_, index) => {
    const found = rows.find(({ run }) => run === index + 2)
    return new Set(found ? numbers(found.ids) : [])
  })
}

function perPart(column: (part: string, name: string) => string): string {
  return [column('input', 'input'), column('expected_output', 'expectedOutput'), column('metadata', 'metadata')].join(
    ', ',
  )
}
