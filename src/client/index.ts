/** The client of an Assay server: `import { Assay } from 'assay/client'`. */

export type { ModelFile, ModelMessage } from '../domain/prompt/model-messages.ts'
export { PromptError } from '../domain/prompt/prompt.ts'
export { Assay, type NewScore } from './assay.ts'
export {
  Comparison,
  type Gate,
  type GateResult,
  type MetricComparison,
  type Regression,
} from './comparison.ts'
export { Dataset, type DatasetAt, Datasets, type NewDataset } from './dataset.ts'
export { AssayError, ConnectionError, RefusedError } from './errors.ts'
export { ExperimentResult } from './experiment/result.ts'
export type {
  CompositeEvaluator,
  Direction,
  Evaluation,
  Evaluator,
  EvaluatorArgs,
  EvaluatorReturn,
  ExperimentData,
  ExperimentItem,
  ExperimentOptions,
  ItemError,
  ItemResult,
  OutputOf,
  Progress,
  RunEvaluator,
  RunOptions,
  ScoreDataType,
  Task,
  TaskContext,
  TaskItem,
} from './experiment/types.ts'
export type { Plan, PlanOptions } from './plan.ts'
export {
  type NewPrompt,
  type NewPromptVersion,
  Prompt,
  type PromptAt,
  type PromptParameters,
  Prompts,
  type PromptVariables,
} from './prompt.ts'
export type { ModelPrompt, TextMessage } from './prompt-messages.ts'
export type { RescoreOptions } from './rescore.ts'
export { type Result, type ResultParts, result } from './result-parts.ts'
export { Run, type RunFilter, type RunItem, Runs } from './run.ts'
export type { RunLike } from './run-like.ts'
export type { DatasetItem } from './stored-items.ts'
export type { Operation, TransportOptions } from './transport.ts'
