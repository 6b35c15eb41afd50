/** How far an evaluator may be trusted: what people say of the outputs that it has scored. */
import type { EvaluatorVersion } from '../../db/generated/prisma/client.ts'
import { loadDrift } from '../../db/sql/agreement/load-drift.ts'
import { countSwaps, loadJudgedItems, loadJudgedRuns } from '../../db/sql/agreement/load-judged-items.ts'
import { loadLabelOrigins } from '../../db/sql/review/label-origins.ts'
import { type Estimate, type JudgeFigures, judgeFigures } from '../../domain/agreement/judge-figures.ts'
import { type Proportion, proportionOf } from '../../domain/agreement/proportion.ts'
import type { EvaluatorSpec } from '../../domain/evaluation.ts'
import type { PromptTaskSpec } from '../../domain/execution/prompt-task.ts'
import { countLabels } from '../../domain/review/label-weights.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { summaryInterval } from '../../domain/statistics/score-figures.ts'
import type { Services } from '../services.ts'
import { familyOf } from './model-family.ts'

export interface JudgeReport extends JudgeFigures {
  version: EvaluatorVersion
  /** Models of the judge's family whose outputs it has scored, as `provider/model`. */
  relatedModels: string[]
  /** Outputs that people labelled because of what they are, such as disagreements, and that stand for no others. */
  leftOut: number
  /** Of a pairwise judge; null of others. */
  swaps: Swaps | null
  /** How it differs from the newest earlier version that has scored the same outputs; null: none has. */
  drift: Drift | null
}

export interface Swaps {
  /** How often it said the same with the outputs in both orders. */
  consistency: Proportion
  /** Where it did not: how often it preferred what was shown first, and not second. */
  firstPreferred: Proportion
}

export interface Drift {
  /** The earlier version. */
  version: number
  /** How often both gave an output the same. */
  agreement: Proportion
  /** The mean of this − the earlier one, of values. */
  difference: Estimate | null
}

/**
 * @returns null when there is no such version
 */
export async function reportOnJudge(
  { db }: Pick<Services, 'db'>,
  { projectId }: ProjectScope,
  evaluator: { id: string },
  version: number,
): Promise<JudgeReport | null> {
  const found = await db.prisma.evaluatorVersion.findFirst({
    where: { evaluatorId: evaluator.id, version, evaluator: { projectId } },
  })
  if (!found) return null
  const definition = found.definition as unknown as EvaluatorSpec
  const runs = await loadJudgedRuns(db.pool, projectId, found.id)
  const counted = countLabels(await loadLabelOrigins(db.pool, runs))
  const judged = await loadJudgedItems(db.pool, found.id, counted.labels)
  const labels = definition.kind === 'judge' && 'labels' in definition.scale ? definition.scale.labels : []
  const names = found.dataType === 'CATEGORICAL' ? labels.map(({ label }) => label) : []
  return {
    ...judgeFigures(judged, found.dataType, names),
    version: found,
    relatedModels:
      definition.kind === 'judge' || definition.kind === 'pairwise'
        ? await relatedModels(db, projectId, found.id, definition.model)
        : [],
    leftOut: counted.leftOut,
    swaps: definition.kind === 'pairwise' ? await swapsOf(db, projectId, found.id) : null,
    drift: await driftOf(db, found),
  }
}

async function swapsOf({ pool }: Services['db'], projectId: string, versionId: string): Promise<Swaps> {
  const { pairs, consistent, firstPreferred } = await countSwaps(pool, projectId, versionId)
  return {
    consistency: proportionOf(consistent, pairs),
    firstPreferred: proportionOf(firstPreferred, pairs - consistent),
  }
}

async function driftOf({ pool }: Services['db'], version: EvaluatorVersion): Promise<Drift | null> {
  const found = await loadDrift(pool, version)
  if (!found) return null
  const moments = { dataType: 'NUMERIC' as const, items: found.items, sum: found.sum, m2: found.m2 }
  const interval = summaryInterval({ ...moments, lowest: null, highest: null }, null)
  return {
    version: found.version,
    agreement: proportionOf(found.same, found.pairs),
    difference: interval && { value: found.sum / found.items, interval },
  }
}

/** A judge prefers what its own family writes. */
async function relatedModels(
  { prisma }: Services['db'],
  projectId: string,
  evaluatorVersionId: string,
  model: string,
): Promise<string[]> {
  const family = familyOf(model)
  if (family === null) return []
  const runs = await prisma.run.findMany({
    where: {
      projectId,
      OR: [{ evaluators: { some: { evaluatorVersionId } } }, { formerEvaluators: { some: { evaluatorVersionId } } }],
    },
    orderBy: { createdAt: 'desc' },
    take: 200,
    select: { task: true },
  })
  const tasks = runs.map(({ task }) => task as unknown as PromptTaskSpec).filter(({ kind }) => kind === 'prompt')
  const related = tasks.filter((task) => familyOf(task.model) === family)
  return [...new Set(related.map((task) => `${task.provider}/${task.model}`))].sort()
}
