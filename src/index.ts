/** The public API, for `assay.config.ts`: `import { defineConfig, result } from 'assay'`. */
export { type Config, defineConfig, type EvaluatorFunction, type TaskFunction } from './define-config.ts'
export type { Direction, ScoreDataType } from './domain/evaluation.ts'
export type { Json } from './domain/json.ts'
export type { ModuleEvaluation, ModuleEvaluationResult, ModuleEvaluator, ModuleTask } from './domain/modules.ts'
export { type TaskContext, TaskError, type TaskItem } from './domain/task.ts'
export { type Result, type ResultParts, result } from './domain/task-result.ts'
