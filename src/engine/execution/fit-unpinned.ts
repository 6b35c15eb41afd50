import type { Queryable } from '../../db/client.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'
import type { SeriesRules } from '../../db/sql/score/summary-columns.ts'
import { loadScoreConfigs, loadSeriesRules } from '../../db/sql/score/write-summary.ts'
import { fitEvaluation } from '../../domain/score.ts'
import { failedScore } from './item-result.ts'

/**
 * Checks scores whose names are not those of their evaluators against the rules of their series: the run has pinned them
 * with the first such score, from the configuration of the name or else from that score. A series belongs to the
 * evaluator that gave it first. A score that does not fit, or that another evaluator gives, becomes an error.
 *
 * Needs a statement only for results with such scores. The caller holds the lock of the run.
 * @param attemptOf the number of the call whose output was scored
 */
export async function fitUnpinned<Result extends { scores: RecordedScore[] }>(
  client: Queryable,
  { id: runId, projectId }: Pick<LockedRun, 'id' | 'projectId'>,
  results: readonly Result[],
  attemptOf: (result: Result) => number,
): Promise<readonly Result[]> {
  const unpinned = results.flatMap(({ scores }) => scores.filter(({ isPinned }) => !isPinned))
  if (unpinned.length === 0) return results
  const names = [...new Set(unpinned.map(({ name }) => name))]
  const keys = names.map((name) => ({ runId, name, source: 'EVALUATOR' as const }))
  const rulesOf = new Map<string, SeriesRules>()
  for (const { name, ...rules } of await loadSeriesRules(client, projectId, keys)) rulesOf.set(name, rules)
  const isNew = names.filter((name) => !rulesOf.has(name))
  const configured = isNew.length > 0 ? await loadScoreConfigs(client, projectId, isNew) : new Map<string, never>()

  const checked = (score: RecordedScore, attempt: number): RecordedScore => {
    const { name, evaluatorVersionId, rules, isPinned } = score
    if (isPinned) return score
    let own = rulesOf.get(name)
    if (!own) {
      const { direction } = rules
      // What failed does not know the type.
      const { dataType } = unpinned.find((other) => other.name === name && other.error === null) ?? score
      const first = { dataType, direction, min: null, max: null, categories: null, failurePolicy: 'MISSING' as const }
      own = { ...(configured.get(name) ?? first), evaluatorVersionId }
      rulesOf.set(name, own)
    }
    if (score.error !== null) return { ...score, dataType: own.dataType, rules: own }
    try {
      if (own.evaluatorVersionId !== evaluatorVersionId) {
        throw new Error(`Expected a name of its own, but another evaluator of this run already gives "${name}".`)
      }
      const { dataType } = fitEvaluation(score, own)
      return { ...score, dataType, rules: own }
    } catch (error) {
      return failedScore({ ...score, dataType: own.dataType, rules: own }, error, attempt)
    }
  }
  return results.map((result) =>
    result.scores.every(({ isPinned }) => isPinned)
      ? result
      : { ...result, scores: result.scores.map((score) => checked(score, attemptOf(result))) },
  )
}
