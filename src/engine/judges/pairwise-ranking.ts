/** Several runs by what pairwise judges said of two of them at a time. */
import { loadPairwiseOutcomes } from '../../db/sql/agreement/load-pairwise-outcomes.ts'
import { bradleyTerry, type PairedOutcome, type Strength } from '../../domain/agreement/bradley-terry.ts'
import { type Proportion, proportionOf } from '../../domain/agreement/proportion.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { parseScoreName } from '../../domain/score.ts'
import type { Services } from '../services.ts'

export interface RunStrength extends Strength {
  runId: string
}

export interface PairwiseRanking {
  /** Verdicts, and the items (or clusters) that they are about. */
  comparisons: number
  clusters: number
  /** Neither was better. */
  ties: number
  /** Of the ties and verdicts, where the order of the two outputs decided. */
  inconsistent: Proportion
  /** The strongest first; null when they cannot be told. */
  runs: RunStrength[] | null
}

const maxRuns = 50
const maxComparisons = 500_000

/**
 * The strengths of 2–50 runs by Bradley and Terry; the first run has 0. Errors are robust to items that belong together.
 * @param name of the scores of the judges; null: of all of them
 * @throws {NotFoundError} no such run
 * @throws {InvalidInputError} too few or too many runs, one twice, an invalid name, or more than 500,000 verdicts
 */
export async function rankPairwise(
  { db }: Pick<Services, 'db'>,
  { projectId }: ProjectScope,
  runIds: readonly string[],
  name: string | null,
): Promise<PairwiseRanking> {
  const where = { projectId, id: { in: [...runIds] } }
  const known = new Set((await db.prisma.run.findMany({ where, select: { id: true } })).map(({ id }) => id))
  const missing = runIds.findIndex((id) => !known.has(id))
  if (missing !== -1) throw new NotFoundError('There is no such run in this project.', ['runIds', String(missing)])
  if (runIds.length < 2 || runIds.length > maxRuns) {
    throw new InvalidInputError(`expected 2 to ${maxRuns} runs, got ${runIds.length}`, ['runIds'])
  }
  const twice = runIds.findIndex((id, index) => runIds.indexOf(id) !== index)
  if (twice !== -1) throw new InvalidInputError('expected each run once, got one twice', ['runIds', String(twice)])
  const score = name === null ? null : parseScoreName(name)
  const found = await loadPairwiseOutcomes(db.pool, projectId, runIds, score, maxComparisons + 1)
  const place = new Map(runIds.map((id, index) => [id, index]))
  const outcomes = found.flatMap(({ runId, baselineId, cluster, values }): PairedOutcome[] => {
    const [first, second] = [place.get(runId) as number, place.get(baselineId) as number]
    return values.map((outcome) => ({ first, second, outcome, cluster }))
  })
  if (outcomes.length > maxComparisons) {
    throw new InvalidInputError(
      `expected at most ${maxComparisons.toLocaleString('en')} verdicts, got more: name fewer runs, or one score`,
      ['runIds'],
    )
  }
  const strengths = bradleyTerry(outcomes, runIds.length)
  const inconsistent = found.reduce((sum, one) => sum + one.inconsistent, 0)
  return {
    comparisons: outcomes.length,
    clusters: new Set(found.map(({ cluster }) => cluster)).size,
    ties: outcomes.filter(({ outcome }) => outcome === 0.5).length,
    inconsistent: proportionOf(inconsistent, outcomes.length),
    runs:
      strengths
        ?.map((strength, index) => ({ ...strength, runId: runIds[index] as string }))
        .sort((a, b) => b.strength - a.strength) ?? null,
  }
}
