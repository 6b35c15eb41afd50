import type { Queryable } from '../db/client.ts'
import type { SeriesRules } from '../db/sql/score/summary-columns.ts'
import { loadScoreConfigs, loadSeriesRules, type RunSeriesKey } from '../db/sql/score/write-summary.ts'
import type { ScoreDataType, ScoreRules } from '../domain/evaluation.ts'
import { seriesKey } from './score-summaries.ts'

/** A score that a person or a program gives to an execution, or (without `ordinal`) to a whole run. */
type Given = RunSeriesKey & { ordinal: number | null }

/**
 * The rules of the scores that people and programs give. A run pins those of a series with its first score: the
 * configuration of its name, or else the type of that score with the direction of the evaluator of that name. Whole runs
 * have no series, so the configuration as it is now applies.
 */
export class GivenRules {
  readonly #pinned: Map<string, SeriesRules>
  readonly #configured: ReadonlyMap<string, ScoreRules>
  readonly #unpinned = new Map<string, RunSeriesKey>()

  private constructor(pinned: Map<string, SeriesRules>, configured: ReadonlyMap<string, ScoreRules>) {
    this.#pinned = pinned
    this.#configured = configured
  }

  /** Loads what applies to these scores. */
  static async load(client: Queryable, projectId: string, scores: readonly Given[]): Promise<GivenRules> {
    const keys = scores.flatMap(({ runId, name, source }): RunSeriesKey[] => [
      { runId, name, source },
      { runId, name, source: 'EVALUATOR' },
    ])
    const [pinned, configured] = await Promise.all([
      loadPinned(client, projectId, keys),
      loadScoreConfigs(client, projectId, [...new Set(scores.map(({ name }) => name))]),
    ])
    return new GivenRules(pinned, configured)
  }

  /** Null: any type and value. */
  of({ ordinal, ...key }: Given): ScoreRules | null {
    const configured = this.#configured.get(key.name) ?? null
    return ordinal === null ? configured : (this.#pinned.get(seriesKey(key)) ?? configured)
  }

  /** Pins the rules of the score's series, unless they are pinned. */
  pin({ ordinal, runId, name, source }: Given, dataType: ScoreDataType): void {
    const key = { runId, name, source }
    if (ordinal === null || this.#pinned.has(seriesKey(key))) return
    const evaluator = this.#pinned.get(seriesKey({ ...key, source: 'EVALUATOR' }))
    const direction = evaluator?.dataType === dataType ? evaluator.direction : 'HIGHER_IS_BETTER'
    const own = { dataType, direction, min: null, max: null, categories: null, failurePolicy: 'MISSING' as const }
    this.#pinned.set(seriesKey(key), { ...(this.#configured.get(name) ?? own), evaluatorVersionId: null })
    this.#unpinned.set(seriesKey(key), key)
  }

  /** The rules that the series of a score has, which has been pinned. */
  pinned(key: RunSeriesKey): SeriesRules {
    return this.#pinned.get(seriesKey(key)) as SeriesRules
  }

  /** Replaces rules that somebody else pinned first. The caller holds the locks of the runs. */
  async settle(client: Queryable, projectId: string): Promise<void> {
    if (this.#unpinned.size === 0) return
    const settled = await loadPinned(client, projectId, [...this.#unpinned.values()])
    for (const [key, rules] of settled) this.#pinned.set(key, rules)
  }
}

async function loadPinned(
  client: Queryable,
  projectId: string,
  keys: readonly RunSeriesKey[],
): Promise<Map<string, SeriesRules>> {
  const different = [...new Map(keys.map((key) => [seriesKey(key), key])).values()]
  const rows = await loadSeriesRules(client, projectId, different)
  return new Map(rows.map(({ runId, name, source, ...rules }) => [seriesKey({ runId, name, source }), rules]))
}
