import type { Evaluation, ScoreRules } from '../evaluation.ts'
import type { Json } from '../json/json.ts'
import type { ItemError, TaskResult } from './task.ts'

/** A score of an evaluator that runs at a client, or the error of that evaluator. */
export interface RecordedEvaluation extends Evaluation {
  evaluatorVersionId: string
  error: ItemError | null
  /** Of the series in its run. */
  rules: ScoreRules
  isPinned: true
}

/** What a client recorded of an item that the evaluators of the server have yet to score, as stored. */
export interface RecordedResponse extends TaskResult {
  output: Json
  /** Of the task only, in milliseconds. */
  latencyMs: number
  traceId: string | null
  scores: RecordedEvaluation[]
}
