import type { ScoreDataType, ScoreRules } from '../evaluation.ts'
import type { Json } from '../json/json.ts'
import type { RunResults } from '../run-results.ts'
import type { TaskContext, TaskItem } from './task.ts'

/** A task function. It returns the output itself or, made with `result()`, the output and its cost. */
export interface ModuleTask {
  name: string
  description?: string
  /**
   * Says when the function is another one: runs and cached outputs belong to a version. Default: a hash of assay.config.ts
   * and everything that it imports.
   */
  version?: string
  // Users type their own inputs; the engine passes whatever the dataset contains.
  // biome-ignore lint/suspicious/noExplicitAny: the boundary between a user's types and JSON
  run: (input: any, item: TaskItem, context: TaskContext) => unknown
}

/** A score as returned by an evaluator function; a bare number, boolean or string is short for `{ value }`. */
export interface ModuleEvaluation {
  name?: string
  value: number | boolean | string | null
  dataType?: ScoreDataType
  comment?: string
  metadata?: Json
  /** What this score has cost, in USD. */
  costUsd?: number
}

export type ModuleEvaluationResult = ModuleEvaluation | AutoevalsScore | number | boolean | string | null

/** What scorers of autoevals return. */
export interface AutoevalsScore {
  name: string
  score: number | null
  metadata?: Record<string, unknown>
  error?: unknown
}

/** What a function says of itself and of its scores; what is left out is for the creator of the evaluator to choose. */
interface DeclaredEvaluator extends Partial<ScoreRules> {
  name: string
  description?: string
  /** As of a task. */
  version?: string
  /**
   * Whether every project gets an evaluator of this function, for all datasets or for those of these names, when a worker
   * starts. Default: no, somebody creates it.
   */
  active?: true | readonly string[]
}

type Returned = ModuleEvaluationResult | ModuleEvaluationResult[]

/** A function that scores a run as a whole, when all of its items and their other scores are there. */
export interface RunEvaluator extends DeclaredEvaluator {
  level: 'RUN'
  evaluate: (results: RunResults) => Returned | Promise<Returned>
}

/** A function that scores items. */
export interface ModuleEvaluator extends DeclaredEvaluator {
  level?: 'ITEM'
  evaluate: (item: {
    // biome-ignore lint/suspicious/noExplicitAny: the boundary between a user's types and JSON
    input: any
    // biome-ignore lint/suspicious/noExplicitAny: the boundary between a user's types and JSON
    output: any
    // biome-ignore lint/suspicious/noExplicitAny: the boundary between a user's types and JSON
    expectedOutput: any
    /** The expected output, as scorers of autoevals call it. */
    // biome-ignore lint/suspicious/noExplicitAny: the boundary between a user's types and JSON
    expected: any
    // biome-ignore lint/suspicious/noExplicitAny: the boundary between a user's types and JSON
    metadata: any
    latencyMs: number
    costUsd: number | null
  }) => Returned | Promise<Returned>
}

/** The functions registered in assay.config.ts. */
export interface Modules {
  tasks: ReadonlyMap<string, ModuleTask>
  evaluators: ReadonlyMap<string, ModuleEvaluator | RunEvaluator>
}
