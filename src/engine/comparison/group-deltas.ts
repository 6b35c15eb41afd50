/** The difference of one metric in groups of items, and one test of whether it differs between them. */
import type { ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { loadItemGroups } from '../../db/sql/comparison/load-item-groups.ts'
import type { Grouping } from '../../db/sql/run/load-run-groups.ts'
import { type Interaction, testInteraction } from '../../domain/statistics/interaction.ts'
import type { MetricFigures } from '../../domain/statistics/paired-comparison.ts'
import type { ComparedMetric } from './compared-metrics.ts'
import { alignCandidate, itemIdsOf, loadComparedValues, pairsOf } from './compared-values.ts'
import { type Comparison, isComplete, isScoredAlike } from './comparison.ts'
import { figuresOf, type MetricPairs, unfinished } from './metric-figures.ts'
import type { RunValues } from './run-values.ts'

export interface GroupDelta extends Omit<MetricFigures, 'direction' | 'robust' | 'differenceStddev'> {
  /** The tag, or the beginning of the value; null: the items without any. */
  value: string | null
}

export interface GroupDeltas {
  metric: ComparedMetric
  candidate: Run
  /** Largest first. */
  groups: GroupDelta[]
  /** How many there are, listed or not. */
  groupCount: number
  /** Of the listed groups; null until both runs are complete. */
  interaction: Interaction | null
}

/**
 * One for each candidate. Groups are those of the dataset version of the baseline; an item with several tags counts in
 * each. Reads all items. Empty without a baseline.
 * @param limit groups at most, the largest
 */
export async function groupDeltas(
  db: ReadableDatabase,
  comparison: Comparison,
  metric: ComparedMetric,
  grouping: Grouping,
  limit: number,
): Promise<GroupDeltas[]> {
  const { baseline, candidates, includesUnlike } = comparison
  if (!baseline) return []
  const { datasetId, datasetVersion: version } = baseline
  const [values, found] = await Promise.all([
    loadComparedValues(db, comparison, [metric]),
    loadItemGroups(db.pool, { datasetId, version }, grouping, limit),
  ])
  const groupsOf = new Map<number, number[]>()
  for (const [index, id] of found.itemIds.entries()) {
    const group = found.groups[index] as number
    const others = groupsOf.get(id)
    if (others) others.push(group)
    else groupsOf.set(id, [group])
  }
  return candidates.map((candidate, index) => {
    const isAlike = includesUnlike || isScoredAlike(metric, index)
    const own = alignCandidate(values, index)
    const pairs = isAlike ? pairsOf(values, index, metric, own) : noPairs
    const ids = itemIdsOf(values.runs[0] as RunValues, own.aligned)
    const memberships = Array.from(ids, (id) => groupsOf.get(id) ?? [])
    const members = membersOf(pairs, memberships, found.values.length)
    const complete = isComplete(baseline, candidate)
    return {
      ...{ metric, candidate, groupCount: found.count },
      groups: found.values.map((value, group) => {
        const figures = figuresOfGroup(metric, pairs, members[group] as Members, own.clusters)
        return { value, ...shownOf(complete ? figures : unfinished(figures)) }
      }),
      interaction: complete ? interactionOf(pairs, members, own.clusters) : null,
    }
  })
}

const none = new Float64Array()
const noPairs: MetricPairs = {
  ...{ items: new Int32Array(), executed: new Int32Array(), lacking: 0, incomplete: 0, executedBinary: false },
  ...{ baseline: none, candidate: none, differences: none, lowest: none, highest: none },
}

function shownOf({ direction: _, robust: __, differenceStddev: ___, ...shown }: MetricFigures) {
  return shown
}

function figuresOfGroup(
  metric: ComparedMetric,
  pairs: MetricPairs,
  { paired, executed, items }: Members,
  clusters: Int32Array | null,
): MetricFigures {
  const isUnknown = metric.range === null && metric.metric.kind !== 'LATENCY'
  return figuresOf(metric, subsetOf(pairs, paired, executed), items, isUnknown, clusters)
}

function interactionOf(pairs: MetricPairs, members: readonly Members[], clusters: Int32Array | null): Interaction {
  const isYesOrNo = pairs.baseline.every(isBinary) && pairs.candidate.every(isBinary)
  const groups = members.map(({ paired }) => ({ items: paired }))
  const belongTo = clusters && pairs.items.map((item) => clusters[item] as number)
  return testInteraction(pairs.differences, groups, belongTo, isYesOrNo)
}

function isBinary(value: number): boolean {
  return value === 0 || value === 1
}

interface Members {
  /** Of the pairs, and of the executed items. */
  paired: number[]
  executed: number[]
  items: number
}

/** @param memberships of each aligned item */
function membersOf(pairs: MetricPairs, memberships: readonly (readonly number[])[], groups: number): Members[] {
  const members = Array.from({ length: groups }, (): Members => ({ paired: [], executed: [], items: 0 }))
  for (const own of memberships) for (const group of own) (members[group] as Members).items += 1
  const add = (items: Int32Array, to: 'paired' | 'executed') => {
    for (const [index, item] of items.entries()) {
      for (const group of memberships[item] ?? []) members[group]?.[to].push(index)
    }
  }
  add(pairs.items, 'paired')
  add(pairs.executed, 'executed')
  return members
}

function subsetOf(pairs: MetricPairs, paired: readonly number[], executed: readonly number[]): MetricPairs {
  const pick = (column: Float64Array, rows: readonly number[]) =>
    Float64Array.from(rows, (index) => column[index] as number)
  const [lowest, highest] = [pick(pairs.lowest, executed), pick(pairs.highest, executed)]
  return {
    items: Int32Array.from(paired, (index) => pairs.items[index] as number),
    baseline: pick(pairs.baseline, paired),
    candidate: pick(pairs.candidate, paired),
    differences: pick(pairs.differences, paired),
    ...{ lowest, highest },
    executed: Int32Array.from(executed, (index) => pairs.executed[index] as number),
    lacking: executed.length - paired.length,
    incomplete: lowest.reduce((count, low, index) => count + (low === highest[index] ? 0 : 1), 0),
    executedBinary: pairs.executedBinary,
  }
}
