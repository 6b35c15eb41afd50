import * as z from 'zod'
import type { Direction, FailurePolicy, ScoreDataType } from './domain/evaluation.ts'
import type { ModuleEvaluator, Modules, ModuleTask, RunEvaluator } from './domain/execution/modules.ts'
import { invalidInput, parseInput } from './domain/parse-input.ts'

export type TaskFunction = ModuleTask['run']
export type EvaluatorFunction = ModuleEvaluator['evaluate']

/**
 * The default export of `assay.config.ts`: the project's own functions, by the names that experiments and evaluators
 * refer to them by.
 */
export interface Config {
  tasks?: Record<string, TaskFunction | Omit<ModuleTask, 'name'>>
  evaluators?: Record<string, BareEvaluator | Omit<ModuleEvaluator, 'name'> | Omit<RunEvaluator, 'name'>>
}

/** By `level`, which all members of the union have, TypeScript infers the parameters of a function. */
type BareEvaluator = EvaluatorFunction & { level?: never }

/**
 * Types and checks a configuration.
 *
 *     export default defineConfig({
 *       tasks: { classify: (input: Ticket) => classify(input.text) },
 *       evaluators: { short: ({ output }) => output.length < 100 },
 *     })
 *
 * @throws {InvalidInputError} naming what is wrong
 */
export function defineConfig(config: Config): Config {
  modulesOf(config)
  return config
}

const description = z.string().optional()
const version = z.string().min(1).max(200).optional()
const dataTypes: ScoreDataType[] = ['NUMERIC', 'BOOLEAN', 'CATEGORICAL', 'TEXT']
const directions: Direction[] = ['HIGHER_IS_BETTER', 'LOWER_IS_BETTER', 'NONE']
const failurePolicies: FailurePolicy[] = ['MISSING', 'WORST', 'REFUSE']

const shape = z.strictObject({
  tasks: z.record(z.string(), z.unknown()).optional(),
  evaluators: z.record(z.string(), z.unknown()).optional(),
})
const taskOptions = z.strictObject({ run: functionOf<TaskFunction>(), description, version })
const evaluatorOptions = z.strictObject({
  evaluate: functionOf<EvaluatorFunction>(),
  description,
  version,
  level: z.enum(['ITEM', 'RUN']).optional(),
  active: z.union([z.literal(true), z.array(z.string().min(1)).min(1)]).optional(),
  dataType: z.enum(dataTypes).optional(),
  direction: z.enum(directions).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  categories: z.array(z.string()).optional(),
  failurePolicy: z.enum(failurePolicies).optional(),
})

/** The functions of a configuration. @throws {InvalidInputError} for anything else */
export function modulesOf(config: unknown): Modules {
  if (typeof config !== 'object' || config === null) {
    throw invalidInput(['default export'], 'expected defineConfig({ tasks, evaluators })', config)
  }
  const { tasks = {}, evaluators = {} } = parseInput(shape, config, ['config'])
  return {
    tasks: new Map(
      Object.entries(tasks).map(([name, task]) => {
        const options = typeof task === 'function' ? { run: task } : task
        return [name, { name, ...parseEntry(taskOptions, options, ['tasks', name], '{ run, description, version }') }]
      }),
    ),
    evaluators: new Map(
      Object.entries(evaluators).map(([name, evaluator]) => {
        const options = typeof evaluator === 'function' ? { evaluate: evaluator } : evaluator
        const described =
          '{ evaluate, level, description, version, active, dataType, direction, min, max, categories, failurePolicy }'
        const parsed = parseEntry(evaluatorOptions, options, ['evaluators', name], described)
        // Its function is of the level that it says.
        return [name, { name, ...parsed } as ModuleEvaluator | RunEvaluator]
      }),
    ),
  }
}

function parseEntry<T extends z.ZodType>(schema: T, options: unknown, path: string[], described: string): z.output<T> {
  if (typeof options !== 'object' || options === null) {
    throw invalidInput(path, `expected a function or ${described}`, options)
  }
  return parseInput(schema, options, path)
}

function functionOf<T>() {
  return z.custom<T>((value) => typeof value === 'function', 'expected a function')
}
