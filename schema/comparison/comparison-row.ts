import type { GraphQLResolveInfo } from 'graphql'
import type { Page } from '../../src/db/keyset.ts'
import { type RowOrder, rowKeyParts } from '../../src/db/sql/comparison/load-page.ts'
import type { RowFilter } from '../../src/db/sql/comparison/row-filter.ts'
import { loadPageOfLatestRevisions } from '../../src/db/sql/dataset/load-revisions.ts'
import type { DatasetItemRevisionRow } from '../../src/db/sql/dataset/revision-row.ts'
import type { LeftOut, ListedRunItem } from '../../src/db/sql/run-item/listed-columns.ts'
import { isTruncated, maxShownBytes } from '../../src/db/sql/run-item/run-item-columns.ts'
import { InvalidInputError, LimitError } from '../../src/domain/errors.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { type MetricInput as MetricInputShape, parseMetric } from '../../src/domain/metric.ts'
import { metricIn, valuesOf } from '../../src/engine/comparison/compared-metrics.ts'
import type { Comparison } from '../../src/engine/comparison/comparison.ts'
import {
  type CellScore as CellScoreShape,
  type ComparedCell,
  type ComparedRow,
  comparisonRows,
  countComparisonRows,
  totalRows,
} from '../../src/engine/comparison/rows.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { DiffPart } from '../diff-part.ts'
import { ScoreDataType, ScoreSource } from '../enums.ts'
import { MetricInput } from '../metric.ts'
import { DatasetItemRef, DatasetItemRevisionRef, RunItemRef, RunRef } from '../refs.ts'
import { type ConnectionArguments, connection, isUnfiltered, pageRequest } from '../relay/connection.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { listedItems } from '../relay/listed-items.ts'
import { leftOutBy } from '../run/run-item.ts'
import { selects } from '../selects.ts'
import { ItemDifference, itemDifferences } from './differences.ts'

const CellChange = builder.enumType('CellChange', {
  description: 'How the value of one item changed from the baseline to a candidate.',
  values: {
    IMPROVED: { description: 'It is better.' },
    REGRESSED: { description: 'It is worse.' },
    CHANGED: { description: 'It is different; as a filter, also IMPROVED and REGRESSED.' },
    UNCHANGED: { description: 'It is the same, except for rounding.' },
    MISSING: { description: 'One of the two has no value.' },
  },
})

const CellScore = builder.objectRef<CellScoreShape>('CellScore').implement({
  description: 'One score of one item in one run, over its repetitions.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the score.' }),
    source: t.expose('source', { type: ScoreSource, description: 'The source of the score.' }),
    dataType: t.expose('dataType', { type: ScoreDataType, nullable: true, description: 'The type of its value.' }),
    value: t.exposeFloat('value', {
      nullable: true,
      description:
        'Mean over the repetitions; failed ones count as the worst value where `failurePolicy` says so.\nNull when there is none.',
    }),
    label: t.exposeString('label', {
      nullable: true,
      description:
        'The label of a CATEGORICAL or TEXT score; different ones of several repetitions separated by commas.',
    }),
    delta: t.exposeFloat('delta', {
      nullable: true,
      description: "`value` − the baseline's; null in the baseline, without one, and where either is missing.",
    }),
    change: t.expose('change', {
      type: CellChange,
      nullable: true,
      description: 'Null in the baseline, and without one.',
    }),
  }),
})

const ComparisonCell = builder.objectRef<ComparedCell>('ComparisonCell').implement({
  description: 'The results of one run on one item.',
  fields: (t) => ({
    run: t.expose('run', { type: RunRef, description: 'The run.' }),
    revision: t.field({
      type: DatasetItemRevisionRef,
      nullable: true,
      description:
        'The content of the item in the version that the run used; null if that version does not contain it.',
      resolve: ({ run, itemId }, _args, { loaders }) =>
        loaders.revisionAt.load({ itemId, version: run.datasetVersion }),
    }),
    differences: t.field({
      type: [ItemDifference],
      description: 'In what that content differs from the one that the baseline used; then it is left out of metrics.',
      resolve: (cell, _args, { loaders }) => itemDifferences(cell, loaders),
    }),
    items: t.expose('items', {
      type: [RunItemRef],
      description: 'All repetitions, with output, error and single scores; empty when the run does not have the item.',
      extensions: { listLength: 2 },
    }),
    scores: t.expose('scores', {
      type: [CellScore],
      description: 'Every score of the comparison, averaged over the repetitions; missing ones included.',
    }),
    latencyMs: t.exposeFloat('latencyMs', {
      nullable: true,
      description: 'Mean over the successful repetitions, in milliseconds.',
    }),
    costUsd: t.exposeFloat('costUsd', {
      nullable: true,
      description: 'Mean over the repetitions whose cost is known.',
    }),
    outputDiff: t.field({
      type: [DiffPart],
      nullable: true,
      description:
        "Differences between the output and the baseline's, by words, or by lines if long.\nWithin 10 ms per diff and 250 ms per request; beyond, one is REMOVED and the other ADDED as a whole.\nNull in the baseline, without one, and without an output; LIMIT where either output is `outputTruncated`.",
      args: {
        repetition: t.arg.int({ required: true, defaultValue: 0, description: 'The repetition of both, from 0.' }),
      },
      resolve: ({ baseline, items }, { repetition }, { diffs }) => {
        const before = succeeded(baseline?.items, repetition)
        const after = succeeded(items, repetition)
        return before && after ? diffs.diff(wholeOutput(before), wholeOutput(after)) : null
      },
    }),
  }),
})

/** With the current content of its item, where the page was read with it. */
type ShownRow = ComparedRow & { latest?: DatasetItemRevisionRow | undefined }

export const ComparisonRowRef = builder.objectRef<ShownRow>('ComparisonRow').implement({
  description: 'One item, with the results of each run.',
  fields: (t) => ({
    datasetItem: t.field({
      type: DatasetItemRef,
      description: 'The item, through all versions; the content that each run used is in its cell.',
      resolve: ({ itemId, latest }) => ({ id: itemId, latest }),
    }),
    cells: t.expose('cells', {
      type: [ComparisonCell],
      description: 'One for each run, baseline (if any) first.',
      extensions: { listLength: 3 },
    }),
  }),
})

export const ComparisonRowConnection = builder.connectionObject(
  { type: ComparisonRowRef, name: 'ComparisonRowConnection', description: 'One page of a list.' },
  { name: 'ComparisonRowEdge', description: 'A row of a page with its cursor.' },
)

const MetricChangeInput = builder.inputType('MetricChangeInput', {
  description: 'Items on which a metric changed in a given way.',
  fields: (t) => ({
    metric: t.field({ type: MetricInput, required: true, description: 'The metric.' }),
    is: t.field({ type: CellChange, required: true, description: 'How it changed.' }),
    candidateId: t.id({ description: 'In this candidate; default: in any.' }),
  }),
})

export const ComparisonFilter = builder.inputType('ComparisonFilter', {
  description: 'Items of a comparison; all of the conditions must hold.',
  fields: (t) => ({
    change: t.field({ type: MetricChangeInput, description: 'Only those on which a metric changed.' }),
    differingOutputs: t.boolean({ description: 'true: only those whose outputs differ, of the runs that have one.' }),
    failedInOne: t.boolean({ description: 'true: only those that failed in one run and succeeded in another.' }),
    tags: t.stringList({ description: 'Only those with all of these tags.' }),
    metadata: t.field({ type: 'JSON', description: 'Only those whose metadata contains this.' }),
    search: t.string({
      description: 'Only those with this text in their key, input, expected output, an output or an error.',
    }),
    itemIds: t.idList({ description: 'Only these dataset items, at most 500.' }),
  }),
})

const ComparisonOrderField = builder.enumType('ComparisonOrderField', {
  description: 'Orders of the rows of a comparison. Items that cannot be compared come last.',
  values: {
    SCHEDULE: { description: 'The order in which they are executed.' },
    REGRESSION: { description: 'The largest regression first; improvements last.' },
    IMPROVEMENT: { description: 'The largest improvement first; regressions last.' },
    CHANGE: { description: 'The largest change first, in either direction.' },
  },
})

export const ComparisonOrder = builder.inputType('ComparisonOrder', {
  description: 'How the rows of a comparison are ordered.',
  fields: (t) => ({
    field: t.field({
      type: ComparisonOrderField,
      required: true,
      defaultValue: 'SCHEDULE',
      description: 'The order.',
    }),
    metric: t.field({ type: MetricInput, description: 'The metric; required unless by SCHEDULE.' }),
    candidateId: t.id({ description: 'By the values of this candidate; default: by the largest change in any.' }),
  }),
})

/** One page of the rows of a comparison, empty where only their number is selected. */
export async function comparisonRowsConnection(
  context: Context,
  comparison: Comparison,
  args: ConnectionArguments & {
    filter?: typeof ComparisonFilter.$inferInput | null
    orderBy?: typeof ComparisonOrder.$inferInput | null
  },
  info: GraphQLResolveInfo,
) {
  const filter = rowFilter(comparison, args.filter ?? {})
  const order = rowOrder(comparison, args.orderBy ?? { field: 'SCHEDULE' })
  const name =
    order.field === 'SCHEDULE'
      ? order.field
      : `${order.field} ${JSON.stringify(order.metric.values)} ${order.metric.candidates}`
  const request = pageRequest(args, { name, parts: rowKeyParts(order) })
  const { db } = context.services
  const isShown = ['nodes', 'edges', 'pageInfo'].some((part) => selects(info, part))
  const rows = [['nodes'], ['edges', 'node']]
  const showsLatest = rows.some((path) => selects(info, ...path, 'datasetItem', 'latest'))
  const latest = new Map<string, DatasetItemRevisionRow>()
  const readLatest = async (itemIds: readonly string[]) => {
    for (const revision of await latestRevisions(context, comparison, itemIds)) {
      latest.set(revision.itemId, revision)
      context.loaders.latestRevision.prime(revision.itemId, revision)
    }
  }
  const beside = showsLatest ? readLatest : undefined
  const leftOut = leftOutOfRows(info, ...rows)
  const page = isShown ? await comparisonRows(db, comparison, filter, order, request, { leftOut, beside }) : noRows
  const shown = page.rows.map((row) => ({ ...row, latest: latest.get(row.itemId) }))
  return connection({ ...page, rows: shown }, name, {
    totalCount: isUnfiltered(args.filter) ? () => totalRows(db, comparison) : null,
    countUpTo: (limit) => countComparisonRows(db, comparison, filter, limit),
  })
}

/** What need not be read of the executions in the rows at these paths. */
export function leftOutOfRows(info: GraphQLResolveInfo, ...rows: string[][]): LeftOut {
  const cells = rows.map((path) => [...path, 'cells'])
  const leftOut = leftOutBy(info, ...cells.map((path) => [...path, 'items']))
  if (!cells.some((path) => selects(info, ...path, 'outputDiff'))) return leftOut
  return { ...leftOut, columns: leftOut.columns.filter((column) => column !== 'output' && column !== 'outputBytes') }
}

/** Large ones are left to the loader, which reads those of the rows that fit into the page. */
async function latestRevisions({ services }: Context, { runs }: Comparison, itemIds: readonly string[]) {
  const { rows, cut } = await loadPageOfLatestRevisions(services.db.pool, runs[0]?.datasetId ?? '', itemIds)
  return cut ? [] : rows
}

const noRows: Page<ComparedRow> = { rows: [], hasPreviousPage: false, hasNextPage: false }

function rowFilter(
  comparison: Comparison,
  { change, itemIds, ...parts }: typeof ComparisonFilter.$inferInput,
): RowFilter {
  const rest: RowFilter = parts
  if (itemIds) rest.itemIds = listedItems(itemIds, ['filter', 'itemIds'])
  if (!change) return rest
  const path = ['filter', 'change']
  return { ...rest, change: { is: change.is, metric: metricOf(comparison, change.metric, change.candidateId, path) } }
}

function rowOrder(comparison: Comparison, order: typeof ComparisonOrder.$inferInput): RowOrder {
  const { field, metric, candidateId } = order
  if (field === 'SCHEDULE') {
    for (const [name, value] of Object.entries({ metric, candidateId })) {
      if (value == null) continue
      throw new InvalidInputError(`Expected no ${name} in an order by SCHEDULE, got one.`, ['orderBy', name])
    }
    return { field }
  }
  if (metric == null) {
    throw new InvalidInputError(`Expected the metric to order by its ${field}, got none.`, ['orderBy', 'metric'])
  }
  const compared = metricOf(comparison, metric, candidateId, ['orderBy'])
  // Without a baseline no item can be compared, and those stay in the order of the schedule.
  return comparison.baseline ? { field, metric: compared } : { field: 'SCHEDULE' }
}

/** A metric, in all candidates or one of them. */
function metricOf(
  { baseline, candidates, metrics }: Comparison,
  input: MetricInputShape,
  candidateId: string | null | undefined,
  path: string[],
) {
  const metric = metricIn(metrics, parseMetric(input, [...path, 'metric']), [...path, 'metric'])
  const id = optionalRawId('Run', candidateId, [...path, 'candidateId'])
  if (id !== null && !candidates.some((candidate) => candidate.id === id)) {
    throw new InvalidInputError('Expected one of the candidates of this comparison.', [...path, 'candidateId'])
  }
  const chosen = candidates.flatMap((candidate, index) => (id === null || candidate.id === id ? [index + 2] : []))
  const { direction, lackingRules: rules } = metric
  return { values: valuesOf(metric), rules, direction, candidates: baseline ? chosen : [] }
}

function succeeded(items: readonly ListedRunItem[] | undefined, repetition: number): ListedRunItem | undefined {
  return items?.find((item) => item.repetition === repetition && item.status === 'SUCCEEDED')
}

/** @throws {LimitError} only its beginning was read */
function wholeOutput({ output, outputBytes = null }: ListedRunItem): Json {
  if (!isTruncated({ outputBytes })) return output as Json
  const [limit, size] = [maxShownBytes, outputBytes ?? 0].map((bytes) => Math.ceil(bytes / 1024).toLocaleString('en'))
  const message = `Expected outputs of at most ${limit} KB to compare, got one of ${size} KB. Compare the whole ones of \`GET /output/<run item>\`.`
  throw new LimitError(message)
}
