import type { CallSubject } from './execution/call-subject.ts'
import type { Json } from './json/json.ts'
import type { JudgeSpec, PairwiseSpec } from './judge.ts'

export type ScoreDataType = 'NUMERIC' | 'BOOLEAN' | 'CATEGORICAL' | 'TEXT'
export type Direction = 'HIGHER_IS_BETTER' | 'LOWER_IS_BETTER' | 'NONE'
export type ScoreSource = 'EVALUATOR' | 'HUMAN' | 'API'
/** How a verdict counts items without a value: not at all, as the worst possible value, or by giving no verdict. */
export type FailurePolicy = 'MISSING' | 'WORST' | 'REFUSE'

/** What the scores of a name are, and which of them are better. */
export interface ScoreRules {
  dataType: ScoreDataType
  direction: Direction
  /** The range of NUMERIC values; null: no bound. */
  min: number | null
  max: number | null
  /** The labels of a CATEGORICAL score; null: any. */
  categories: readonly string[] | null
  failurePolicy: FailurePolicy
}

/** What an evaluator sees of an executed item. */
export interface EvaluationInput {
  input: Json
  output: Json
  expectedOutput: Json
  metadata: Json
  /** Of the task only, in milliseconds. */
  latencyMs: number
  costUsd: number | null
  /** What other evaluators have given the same execution, for those that need them; absent where nobody does. */
  scores?: readonly GivenScore[]
}

/** A score that another evaluator has given. */
export interface GivenScore {
  name: string
  value: number | null
  label: string | null
}

/**
 * One score. Numeric and boolean scores have a `value` (booleans 0 or 1); categorical and text scores have a `label`. One
 * with neither is no score: the evaluator did not apply, but has cost something, or it failed.
 */
export interface Evaluation {
  name: string
  dataType: ScoreDataType
  value: number | null
  label: string | null
  comment: string | null
  metadata: Json
  /** What it has cost, for example a call of a model; null when unknown. */
  costUsd: number | null
  /** Why what the evaluator gave is no score, beside others that are. */
  failure?: string
}

/**
 * An evaluator that is ready to run. An empty array means that it does not apply to the item.
 * @throws any error; the engine records it as a score with `error`, so that none goes missing.
 */
export interface Evaluate {
  (item: EvaluationInput, context: EvaluateContext): Evaluation[] | Promise<Evaluation[]>
  /** Whether it ends within the time limit by itself; otherwise its caller gives up on it. */
  keepsTime?: true
  /** Whether it calls nothing and mostly gives its evaluations at once; it needs no signal then. */
  isImmediate?: true
  /**
   * Waits for what it needs before it may be called: what is to be called then, or null where it does not apply.
   * @throws {NotYetError}
   */
  prepare?: (item: EvaluationInput, context: EvaluateContext) => Promise<Evaluate | null>
}

interface EvaluateContext {
  signal: AbortSignal
  /** In milliseconds. */
  timeoutMs?: number
  /** For the log, and for whom it takes turns with. */
  subject?: CallSubject
}

/** The definition that determines an evaluator's scores, as stored in its versions. */
export type EvaluatorSpec =
  | BuiltinEvaluatorSpec
  | ModuleEvaluatorSpec
  | ClientEvaluatorSpec
  | JudgeSpec
  | PairwiseSpec
  | CodeEvaluatorSpec
  | HttpEvaluatorSpec
  | CompositeEvaluatorSpec
  | SimilarityEvaluatorSpec

/** JavaScript that defines a function `evaluate(item)`; it runs in a sandbox. */
export interface CodeEvaluatorSpec {
  kind: 'code'
  code: string
  /** Of one evaluation, in milliseconds. */
  timeoutMs: number
  /** Absent: it scores items. */
  level?: 'RUN'
}

/** An endpoint that gets the item and answers with what a function would return. */
export interface HttpEvaluatorSpec {
  kind: 'http'
  url: string
  headers: Record<string, string>
  /** JSONPath of the result in the answer; null takes the whole answer. */
  resultPath: string | null
}

/** How a composite counts a score that an item lacks: it gives none itself, goes without it, or takes it for 0. */
export type MissingScores = 'NULL' | 'SKIP' | 'ZERO'

/** One score of several others: their weighted mean, or what an expression says. */
export interface CompositeEvaluatorSpec {
  kind: 'composite'
  scores: { name: string; weight: number }[]
  /** JavaScript over `scores`, an object of numbers (or labels) by name; null: the weighted mean. */
  expression: string | null
  missing: MissingScores
}

/** The cosine of the angle between the embeddings of output and expected output. */
export interface SimilarityEvaluatorSpec extends Selection {
  kind: 'similarity'
  /** The name of the provider. */
  provider: string
  /** A model of embeddings, as the provider calls it. */
  model: string
}

/** A function registered under `module` in assay.config.ts. */
export interface ModuleEvaluatorSpec {
  kind: 'module'
  module: string
  /** As the function declares it; absent: it scores items. */
  level?: 'RUN'
}

/** Whether an evaluator scores a run as a whole, from the results of all of its items (src/domain/run-results.ts). */
export function isOfRun(spec: EvaluatorSpec): boolean {
  return 'level' in spec && spec.level === 'RUN'
}

/** A function that clients execute; created by the first score that a client records under the name and version. */
export interface ClientEvaluatorSpec {
  kind: 'client'
  /** The name of its score. */
  name: string
  /** Identifies the code, for example a hash of it; null when not known. */
  version: string | null
}

/** JSONPaths of the values to compare; null takes the whole output or expected output. */
interface Selection {
  outputPath: string | null
  expectedPath: string | null
}

export type BuiltinEvaluatorSpec = { kind: 'builtin' } & (
  | ({ type: 'exactMatch'; ignoreCase: boolean; normalizeWhitespace: boolean } & Selection)
  | ({ type: 'contains'; text: string | null; ignoreCase: boolean } & Selection)
  | ({ type: 'regex'; pattern: string; flags: string; group: string | null; expected: string | null } & Selection)
  | ({
      type: 'numeric'
      absoluteTolerance: number
      relativeTolerance: number
      outputPattern: string | null
      expectedPattern: string | null
      occurrence: 'FIRST' | 'LAST'
      thousandsSeparator: string
    } & Selection)
  | ({ type: 'jsonEquals'; ignoreArrayOrder: boolean } & Selection)
  | { type: 'jsonSchema'; schema: Json; outputPath: string | null }
  | ({ type: 'levenshtein'; ignoreCase: boolean } & Selection)
  | { type: 'latency'; maxMs: number }
  | { type: 'cost'; maxUsd: number }
  | TrajectoryOptions
)

/** What the calls of tools in a trajectory must be. */
export interface TrajectoryOptions {
  type: 'trajectory'
  /** Names of tools that must be called. */
  required: readonly string[]
  /** Names of tools that must not be called. */
  forbidden: readonly string[]
  /** Names of tools that must be called in this order, others between them or not. */
  ordered: readonly string[]
  /** JSON Schemas that the arguments of every call of a tool must satisfy. */
  arguments: readonly { tool: string; schema: Json }[]
  /** Answers of the model, those with the calls included; null: no bound. */
  minSteps: number | null
  maxSteps: number | null
}

export type BuiltinEvaluatorType = BuiltinEvaluatorSpec['type']
