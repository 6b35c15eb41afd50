/** The page of a comparison as its benchmarks ask for it, and as bare SQL would answer it. */
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Queryable } from '../../src/db/client.ts'
import { pageBytes } from '../../src/db/query-within-bytes.ts'
import { type CellValue, loadCells, loadCellValues } from '../../src/db/sql/comparison/load-cells.ts'
import { loadComparisonPage } from '../../src/db/sql/comparison/load-page.ts'
import { loadLatestRevisions } from '../../src/db/sql/dataset/load-revisions.ts'
import type { LeftOut } from '../../src/db/sql/run-item/listed-columns.ts'
import { optionalColumns } from '../../src/db/sql/run-item/run-item-columns.ts'

export const pageQuery = `query($baseline: ID!, $candidates: [ID!]!) { compareRuns(baselineId: $baseline, candidateIds: $candidates) {
  rows(first: 100) { nodes {
    datasetItem { id latest { key input expectedOutput } }
    cells { run { id } latencyMs costUsd scores { name value delta change } items { id status output error { code message } latencyMs costUsd } }
  } pageInfo { hasNextPage endCursor } }
} }`

/** All that the page does not show of executions. */
const leftOut: LeftOut = {
  columns: optionalColumns.filter((column) => column !== 'output' && column !== 'costUsd'),
  scoreColumns: null,
}

/**
 * The same answer, but for the text of the cursor: by the statements of any page, whatever the runs have in common, so that
 * cells are looked up by their items, and by plain loops for what the runs of `comparison-data.ts` are, executed once and with
 * scores of which more is better.
 */
export async function barePage(db: Queryable, runIds: readonly string[]): Promise<string> {
  const runs = {
    ids: runIds,
    datasetVersions: runIds.map(() => 1),
    repetitions: runIds.map(() => 1),
    seeds: runIds.map(() => 'seed'),
  }
  const request = { limit: 100, backward: false, after: null, before: null }
  const { rows, hasNextPage } = await loadComparisonPage(db, runs, {}, { field: 'SCHEDULE' }, request)
  const itemIds = rows.map((row) => row.itemId)
  const places = { itemIds, positions: rows.map((row) => Number(row.sortKey.at(-1))) }
  const [revisions, { rows: executions }, values] = await Promise.all([
    loadLatestRevisions(db, itemIds),
    loadCells(db, runIds, places, leftOut, 2 * pageBytes),
    loadCellValues(db, runIds, places),
  ])
  const items = new Map(revisions.map((revision) => [revision.itemId, revision]))
  const executionsOf = new Map(executions.map((execution) => [`${execution.runId} ${execution.itemId}`, execution]))
  const valuesOf = Map.groupBy(values, ({ run, ordinal }) => `${runIds[run]} ${ordinal}`)
  const nodes = itemIds.map((id) => {
    const { key, input, expectedOutput } = items.get(id) ?? {}
    let baseline: CellValue[] | null = null
    const cells = runIds.map((run) => {
      const execution = executionsOf.get(`${run} ${id}`)
      if (!execution) throw new Error('expected an execution of each item in each run')
      const { ordinal, status, output, error, latencyMs, costUsd } = execution
      const found = (valuesOf.get(`${run} ${ordinal}`) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))
      const scores = found.map(({ name, value }, index) => {
        const before = baseline?.[index]?.value
        if (value === null || before == null) return { name, value, delta: null, change: null }
        const delta = value - before
        return { name, value, delta, change: delta === 0 ? 'UNCHANGED' : delta > 0 ? 'IMPROVED' : 'REGRESSED' }
      })
      baseline ??= found
      return {
        run: { id: encodeGlobalId('Run', run) },
        latencyMs,
        costUsd,
        scores,
        items: [{ id: encodeGlobalId('RunItem', `${run}:${ordinal}`), status, output, error, latencyMs, costUsd }],
      }
    })
    return {
      datasetItem: { id: encodeGlobalId('DatasetItem', id), latest: { key, input, expectedOutput } },
      cells,
    }
  })
  const endCursor = Buffer.from(JSON.stringify(rows.at(-1)?.sortKey)).toString('base64url')
  return JSON.stringify({ data: { compareRuns: { rows: { nodes, pageInfo: { hasNextPage, endCursor } } } } })
}
