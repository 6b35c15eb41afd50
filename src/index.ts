/** The public API, for `assay.config.ts`: `import { defineConfig, result } from 'assay'`. */
export { type Config, defineConfig, type EvaluatorFunction, type TaskFunction } from './define-config.ts'
export { defineExperiment, type ExperimentFile } from './define-experiment.ts'
export type { Direction, ScoreDataType } from './domain/evaluation.ts'
export type {
  ModuleEvaluation,
  ModuleEvaluationResult,
  ModuleEvaluator,
  ModuleTask,
  RunEvaluator,
} from './domain/execution/modules.ts'
export { type TaskContext, TaskError, type TaskItem } from './domain/execution/task.ts'
export { type Result, type ResultParts, result } from './domain/execution/task-result.ts'
export type { Json } from './domain/json/json.ts'
