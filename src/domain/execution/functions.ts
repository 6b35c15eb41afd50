/** The functions of assay.config.ts as everybody but their own process sees them. */
import type { Evaluation, EvaluationInput, EvaluatorSpec, ScoreRules } from '../evaluation.ts'
import type { CallSubject } from './call-subject.ts'
import { type Spent, type TaskCall, TaskError, type TaskItem, type TaskResult, type TaskSpec } from './task.ts'

/** A function that some process can call, with what an evaluator declares of its scores. */
export interface RegisteredFunction extends Partial<ScoreRules> {
  kind: 'TASK' | 'EVALUATOR'
  name: string
  description: string | null
  /** Of its source and of everything that it imports: the same hash is the same function. */
  hash: string
  /** As of a ModuleEvaluator. */
  active?: true | readonly string[]
  level?: 'ITEM' | 'RUN'
}

/** Functions by name. */
export interface RegisteredFunctions {
  tasks: ReadonlyMap<string, RegisteredFunction>
  evaluators: ReadonlyMap<string, RegisteredFunction>
}

/**
 * The functions that execute a run: their hashes, by kind and name. Null is that of the first worker that takes the run,
 * where no worker was there when it started.
 */
export interface PinnedFunctions {
  tasks: Record<string, string | null>
  evaluators: Record<string, string | null>
}

export interface EvaluatorCall {
  signal: AbortSignal
  /** In milliseconds. */
  timeoutMs: number
  /** For the log, and for whom it takes turns with. */
  subject?: CallSubject
}

/** Calls functions, wherever they run. Both keep the time limit themselves, whatever the function does. */
export interface Functions {
  /** What can be called now. */
  readonly registered: RegisteredFunctions
  /** Why the functions of the config cannot be called, as a sentence; null while they can, and without a config. */
  readonly problem: string | null
  /**
   * @throws {TaskError} for every failure; `call.signal.reason` when that signal aborted
   * @throws {FunctionsUnavailableError}
   */
  callTask(name: string, item: TaskItem, call: TaskCall): Promise<TaskResult>
  /**
   * @param scoreName name of the scores that the function gives no name
   * @throws {TaskError} for every failure; `call.signal.reason` when that signal aborted
   * @throws {FunctionsUnavailableError}
   */
  evaluate(module: string, scoreName: string, item: EvaluationInput, call: EvaluatorCall): Promise<Evaluation[]>
}

/** This process cannot call the function any more, which says nothing about the item: another one may. */
export class FunctionsUnavailableError extends Error {
  /** What the call had used before; null when nothing is known of it. */
  readonly spent: Spent | null

  constructor(message: string, spent: Spent | null = null) {
    super(message)
    this.name = 'FunctionsUnavailableError'
    this.spent = spent
  }
}

/** Of a process that executes nothing. */
export const withoutFunctions: Functions = {
  registered: { tasks: new Map(), evaluators: new Map() },
  problem: null,
  callTask: (name) => Promise.reject(notHere(name)),
  evaluate: (module) => Promise.reject(notHere(module)),
}

function notHere(name: string): TaskError {
  const message = `"${name}" of assay.config.ts is called by workers only, and this is a server.`
  return new TaskError('MODULE_NOT_FOUND', message, { retryable: false })
}

export const noFunctions: RegisteredFunctions = { tasks: new Map(), evaluators: new Map() }

/** Functions by kind and name. */
export function registeredFunctions(functions: Iterable<RegisteredFunction>): RegisteredFunctions {
  const tasks = new Map<string, RegisteredFunction>()
  const evaluators = new Map<string, RegisteredFunction>()
  for (const one of functions) (one.kind === 'TASK' ? tasks : evaluators).set(one.name, one)
  return { tasks, evaluators }
}

/** What a run needs of the functions, without hashes. @param task null: only its outputs are scored */
export function neededFunctions(task: TaskSpec | null, evaluators: readonly EvaluatorSpec[]): PinnedFunctions {
  const modules = evaluators.flatMap((spec) => (spec.kind === 'module' ? [spec.module] : []))
  const withoutHashes = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, null]))
  return { tasks: withoutHashes(task ? functionsOf(task) : []), evaluators: withoutHashes(modules) }
}

/** The functions that a task calls: itself, or the tools of its prompt. */
function functionsOf(task: TaskSpec): string[] {
  if (task.kind === 'module') return [task.name]
  if (task.kind !== 'prompt' || !('content' in task.prompt)) return []
  const { tools } = task.prompt.content
  return tools.flatMap(({ function: bound }) => (bound && 'module' in bound ? [bound.module] : []))
}

/** The same functions, those without a hash with that of the registered ones. */
export function pin(needed: PinnedFunctions, registered: RegisteredFunctions): PinnedFunctions {
  const hashes = (of: Record<string, string | null>, functions: ReadonlyMap<string, RegisteredFunction>) =>
    Object.fromEntries(Object.entries(of).map(([name, hash]) => [name, hash ?? functions.get(name)?.hash ?? null]))
  return {
    tasks: hashes(needed.tasks, registered.tasks),
    evaluators: hashes(needed.evaluators, registered.evaluators),
  }
}

/** A function of a run, and what a worker has in its place: another one of that name, or (null) none. */
export interface MissingFunction {
  kind: RegisteredFunction['kind']
  name: string
  wanted: string | null
  has: string | null
}

/** Those that are not registered as they were pinned. */
export function missingFunctions(pinned: PinnedFunctions, registered: RegisteredFunctions): MissingFunction[] {
  const missing = (
    kind: RegisteredFunction['kind'],
    of: Record<string, string | null>,
    functions: ReadonlyMap<string, RegisteredFunction>,
  ) =>
    Object.entries(of).flatMap(([name, wanted]) => {
      const has = functions.get(name)?.hash ?? null
      return has !== null && (wanted === null || wanted === has) ? [] : [{ kind, name, wanted, has }]
    })
  return [
    ...missing('TASK', pinned.tasks, registered.tasks),
    ...missing('EVALUATOR', pinned.evaluators, registered.evaluators),
  ]
}

/** A hash as it is shown: its beginning is enough to tell two functions apart. */
export function shortHash(hash: string): string {
  return /^[0-9a-f]{64}$/.test(hash) ? hash.slice(0, 12) : hash
}
