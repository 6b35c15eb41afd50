/** Which outputs a new review queue has, in which order, and with which probability each was drawn. */

import type { Run } from '../../db/generated/prisma/client.ts'
import { loadComparisonPage } from '../../db/sql/comparison/load-page.ts'
import {
  loadInformation,
  loadReviewCandidates,
  loadStrata,
  type ReviewCandidate,
} from '../../db/sql/review/candidates.ts'
import type { NewReviewItem } from '../../db/sql/review/write-queue.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { parseMetric } from '../../domain/metric.ts'
import { drawBalanced, drawSample, informationSizes } from '../../domain/review/draw.ts'
import { maxReviewItems, type ReviewSelection } from '../../domain/review/selection.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { metricIn, valuesOf } from '../comparison/compared-metrics.ts'
import { openComparison } from '../comparison/comparison.ts'
import { comparedRuns } from '../comparison/rows.ts'
import type { Services } from '../services.ts'
import { committeeOf } from './committee.ts'

export interface QueueRequest {
  run: Run
  /** Whose outputs are shown beside; null: none. */
  baseline: Run | null
  pairwise: boolean
  selection: ReviewSelection
  seed: string
}

/** An item without what follows from its place. */
type Chosen = ReviewCandidate & { probability: number | null; information: number | null }

/**
 * @returns at least one item
 * @throws {InvalidInputError} nothing is like that, or too much
 */
export async function selectReviewItems(
  services: Pick<Services, 'db'>,
  scope: ProjectScope,
  request: QueueRequest,
): Promise<NewReviewItem[]> {
  const { run, baseline, pairwise, seed, selection } = request
  const paired = pairwise ? baseline : null
  const candidates = await loadReviewCandidates(services.db.pool, run.id, seed, paired?.id ?? null)
  if (candidates.length === 0) {
    const which = paired ? `that "${paired.name}" has, too` : 'to review'
    throw new InvalidInputError(`Expected a run with outputs ${which}, got "${run.name}", which has none.`, ['runId'])
  }
  const chosen = await choose(services, scope, request, candidates)
  if (chosen.length === 0) {
    throw new InvalidInputError(`${emptyBecause[selection.kind]} in run "${run.name}".`, ['selection'])
  }
  if (chosen.length > maxReviewItems) {
    const most = maxReviewItems.toLocaleString('en')
    throw new InvalidInputError(
      `Expected at most ${most} outputs in a queue, got ${chosen.length.toLocaleString('en')}. Draw a sample of them.`,
      ['selection'],
    )
  }
  return chosen.map(({ ordinal, probability, information, randomOfExecution }) => ({
    ...{ ordinal, probability, information },
    // The last bits of the number, which the order does not depend on.
    baselineFirst: pairwise && Math.floor(randomOfExecution * 2 ** 40) % 2 === 1,
  }))
}

const emptyBecause: Record<ReviewSelection['kind'], string> = {
  ALL: 'There is no output',
  SAMPLE: 'There is no output',
  DISAGREEMENTS: 'No scores of these names disagree about an output',
  REGRESSIONS: 'No output has a worse score than in the baseline',
  INFORMATIVE: 'No output has the scores that would say what to label next',
}

async function choose(
  services: Pick<Services, 'db'>,
  scope: ProjectScope,
  { run, baseline, selection }: QueueRequest,
  candidates: readonly ReviewCandidate[],
): Promise<Chosen[]> {
  const { pool } = services.db
  switch (selection.kind) {
    case 'ALL':
      return inDrawnOrder(candidates.map((one) => ({ ...one, probability: 1, information: null })))
    case 'SAMPLE': {
      const items = onePerItem(candidates)
      if (selection.balance === null) return inDrawnOrder(drawSample(items, selection.size).map(withoutInformation))
      const strata = new Map(
        (await loadStrata(pool, run.id, selection.balance)).map((row) => [row.ordinal, row.stratum]),
      )
      if (strata.size === 0) {
        const message = `Expected a score of an evaluator in run "${run.name}", got "${selection.balance}", of which it has none.`
        throw new InvalidInputError(message, ['selection', 'sample', 'balance'])
      }
      const drawn = drawBalanced(items, selection.size, ({ ordinal }) => strata.get(ordinal) ?? '')
      return inDrawnOrder(drawn.map(withoutInformation))
    }
    case 'DISAGREEMENTS': {
      const found = await loadInformation(pool, run.id, 'DISAGREEMENT', selection.scores, true)
      const differing = new Map(
        found
          .filter(({ range, labels }) => (range ?? 0) > selection.tolerance || labels > 1)
          .map(({ ordinal, information }) => [ordinal, information]),
      )
      const chosen = candidates.flatMap((one): Chosen[] =>
        differing.has(one.ordinal)
          ? [{ ...one, probability: null, information: differing.get(one.ordinal) ?? null }]
          : [],
      )
      chosen.sort((a, b) => (b.information ?? 0) - (a.information ?? 0) || a.randomOfExecution - b.randomOfExecution)
      return chosen.slice(0, selection.atMost ?? undefined)
    }
    case 'REGRESSIONS': {
      const places = await regressedItems(services, scope, run, baseline, selection.score)
      const place = ({ itemId }: ReviewCandidate) => places.get(itemId) as number
      const chosen = candidates.filter(({ itemId }) => places.has(itemId))
      chosen.sort((a, b) => place(a) - place(b) || a.ordinal - b.ordinal)
      return chosen
        .slice(0, selection.atMost ?? undefined)
        .map((one) => ({ ...one, probability: null, information: null }))
    }
    case 'INFORMATIVE': {
      const path = ['selection', 'informative']
      const names = await committeeOf(services.db, run, selection, path)
      const found = new Map(
        (await loadInformation(pool, run.id, selection.by, names)).map((one) => [one.ordinal, one.information]),
      )
      // What nothing is known of may be drawn like all others, so that labels stand for all outputs.
      const items = onePerItem(candidates).map((one) => ({ ...one, information: found.get(one.ordinal) ?? null }))
      const known = items.filter(({ information }) => information !== null)
      if (known.length === 0) return []
      if (known.every(({ information }) => information === 0)) {
        const all = selection.by === 'UNCERTAINTY' ? 'is certain of every output' : 'agree about every output'
        throw new InvalidInputError(
          `Expected scores that leave something open, but ${names.map((one) => `"${one}"`).join(', ')} ${all}. Draw a sample instead.`,
          path,
        )
      }
      const sizes = informationSizes(items.map(({ information }) => information ?? 0))
      const sized = items.map((one, index) => ({ ...one, size: sizes[index] ?? 0 }))
      return inDrawnOrder(drawSample(sized, selection.size, ({ size }) => size))
    }
  }
}

const withoutInformation = <Item>(item: Item) => ({ ...item, information: null })

/** Of an item with several repetitions the one that chance has chosen, so that a sample is one of items. */
function onePerItem(candidates: readonly ReviewCandidate[]): ReviewCandidate[] {
  const first = new Map<string, ReviewCandidate>()
  for (const one of candidates) {
    const other = first.get(one.itemId)
    if (!other || one.randomOfExecution < other.randomOfExecution) first.set(one.itemId, one)
  }
  return [...first.values()]
}

/** By chance, so that the first so many of a queue that is left unfinished stand for all of it. */
function inDrawnOrder<Item extends ReviewCandidate>(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => a.randomOfExecution - b.randomOfExecution)
}

/** The items whose score is worse than in the baseline, by their place: the largest regression first. */
async function regressedItems(
  { db }: Pick<Services, 'db'>,
  scope: ProjectScope,
  run: Run,
  baseline: Run | null,
  score: string,
): Promise<Map<string, number>> {
  if (baseline === null) {
    throw new InvalidInputError('Expected a baseline that the outputs are worse than, got none.', ['baselineId'])
  }
  const comparison = await openComparison(db, scope, { baselineId: baseline.id, candidateIds: [run.id] })
  const path = ['selection', 'regressions', 'score']
  const metric = metricIn(comparison.metrics, parseMetric({ score: { name: score } }, path), path)
  const compared = {
    ...{ values: valuesOf(metric), rules: metric.lackingRules, direction: metric.direction },
    candidates: [2],
  }
  const page = { limit: maxReviewItems, backward: false, after: null, before: null }
  const filter = { change: { is: 'REGRESSED', metric: compared } } as const
  const { rows } = await loadComparisonPage(
    db.pool,
    comparedRuns(comparison),
    filter,
    { field: 'REGRESSION', metric: compared },
    page,
  )
  return new Map(rows.map(({ itemId }, index) => [String(itemId), index]))
}
