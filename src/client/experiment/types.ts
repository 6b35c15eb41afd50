import type { Result } from '../result-parts.ts'
import type { RunLike } from '../run-like.ts'

export type ScoreDataType = 'NUMERIC' | 'BOOLEAN' | 'CATEGORICAL' | 'TEXT'
export type Direction = 'HIGHER_IS_BETTER' | 'LOWER_IS_BETTER' | 'NONE'

/** One case. Anything that JSON can hold, `null` and `""` included. */
export interface ExperimentItem<Input = unknown, Expected = unknown, Metadata = unknown> {
  input: Input
  expectedOutput?: Expected
  metadata?: Metadata
  /** Your own name for it, unique in the data; without, an item is known by its input. */
  key?: string | null
  tags?: string[]
}

/** An item as a task gets it; `id` and `datasetId` are those of a recorded item. */
export type TaskItem<Item extends ExperimentItem = ExperimentItem> = Item & { id?: string; datasetId?: string }

/** The parts of an item. */
export type InputOf<Item extends ExperimentItem> = Item['input']
export type ExpectedOf<Item> = Item extends { expectedOutput?: infer Expected } ? Expected : unknown
export type MetadataOf<Item> = Item extends { metadata?: infer Metadata } ? Metadata : unknown

/** The output of a task by what it returns: the output, what `result()` makes of it, or a result of the AI SDK. */
export type OutputOf<Returned> = [Awaited<Returned>] extends [never]
  ? never
  : Awaited<Returned> extends Result<infer Output>
    ? Output
    : Awaited<Returned> extends { text: infer Text; usage: unknown; finishReason: unknown; steps: unknown }
      ? Text
      : Awaited<Returned>

export interface TaskContext {
  /** Aborted on time-out, cancel and abort. */
  signal: AbortSignal
  /** From 0. */
  repetition: number
  /** From 1. */
  attempt: number
  /** 32 hex digits: the trace that the item is linked to. */
  traceId: string
  /** W3C trace context of this attempt, for the header of that name. */
  traceparent: string
}

/** Executes one item. It returns the output, what `result()` makes of it and its cost, or a result of the AI SDK. */
export type Task<Item extends ExperimentItem = ExperimentItem, Returned = unknown> = (
  item: TaskItem<Item>,
  context: TaskContext,
) => Returned

/** A score. `value: null` means that there is none; it is kept in the result and counts nowhere. */
export interface Evaluation {
  name: string
  value: number | string | boolean | null
  /** Default: by the value; a string is CATEGORICAL. */
  dataType?: ScoreDataType
  /** Which values are better; default HIGHER_IS_BETTER. */
  direction?: Direction
  comment?: string
  metadata?: unknown
  /** What it has cost in US dollars, for example a call of a model. */
  costUsd?: number
}

/** What an evaluator may return: a score or several, a bare value, a score of autoevals, or nothing. */
export type EvaluatorReturn = OneEvaluation | readonly OneEvaluation[]

type OneEvaluation =
  | (Omit<Evaluation, 'name'> & { name?: string })
  | { name: string; score: number | null; metadata?: unknown }
  | number
  | boolean
  | string
  | null
  | undefined

/** What an evaluator gets. `expected` is `expectedOutput`, as scorers of autoevals call it. */
// biome-ignore lint/suspicious/noExplicitAny: without types of its own an evaluator takes whatever the task makes
export interface EvaluatorArgs<Input = any, Expected = any, Metadata = any, Output = any> {
  input: Input
  output: Output
  expectedOutput?: Expected
  expected?: Expected
  metadata?: Metadata
}

// biome-ignore lint/suspicious/noExplicitAny: see EvaluatorArgs
export type Evaluator<Input = any, Expected = any, Metadata = any, Output = any> = (
  args: EvaluatorArgs<Input, Expected, Metadata, Output>,
) => EvaluatorReturn | Promise<EvaluatorReturn>

/**
 * What is not known, evaluators may take for anything. While TypeScript looks at evaluators that were defined elsewhere,
 * it does not know yet what the task returns.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Loose<T> = unknown extends T ? any : T

/** An evaluator of the items of some data, and of what a task returns. */
export type EvaluatorFor<Item extends ExperimentItem, Returned> = Evaluator<
  Loose<InputOf<Item>>,
  Loose<ExpectedOf<Item>>,
  Loose<MetadataOf<Item>>,
  Loose<OutputOf<Returned>>
>

/** Scores an item by the evaluations that the evaluators gave it. */
// biome-ignore lint/suspicious/noExplicitAny: see EvaluatorArgs
export type CompositeEvaluator<Input = any, Expected = any, Metadata = any, Output = any> = (
  args: EvaluatorArgs<Input, Expected, Metadata, Output> & { evaluations: Evaluation[] },
) => EvaluatorReturn | Promise<EvaluatorReturn>

/** Scores the whole run. */
// biome-ignore lint/suspicious/noExplicitAny: see EvaluatorArgs
export type RunEvaluator<Item extends ExperimentItem = any, Output = any> = (args: {
  itemResults: ItemResult<Item, Output>[]
}) => EvaluatorReturn | Promise<EvaluatorReturn>

/** Why an item has no output. */
export interface ItemError {
  code: string
  message: string
}

/** One execution of one item. */
export interface ItemResult<Item extends ExperimentItem = ExperimentItem, Output = unknown> {
  item: TaskItem<Item>
  input: InputOf<Item>
  expectedOutput?: ExpectedOf<Item>
  /** `CANCELLED`: the run ended before it was executed. */
  status: 'SUCCEEDED' | 'FAILED' | 'CANCELLED'
  /** Undefined unless SUCCEEDED. */
  output: Output | undefined
  /** Null if SUCCEEDED. */
  error: ItemError | null
  evaluations: Evaluation[]
  /** Evaluators that failed on the item. */
  evaluatorErrors: { name: string; message: string }[]
  /** From 0. */
  repetition: number
  attempts: number
  /** Of the task alone, in milliseconds. */
  latencyMs: number | null
  costUsd: number | null
  traceId: string | null
  /** The id of the run item; null unless recorded. */
  runItemId: string | null
}

export interface Progress {
  /** Items that ended, of all that take part in the run, at other clients too. */
  done: number
  failed: number
  total: number
  /** Null unless recorded. */
  runUrl: string | null
}

/** Marks a dataset of the server. */
export const hosted = Symbol.for('assay.dataset')

/** A dataset of the server at a version, as a run needs it. */
export interface HostedItems<Item extends ExperimentItem> extends AsyncIterable<Item> {
  readonly [hosted]: true
  readonly id: string
  readonly version: number
  readonly itemCount: number
}

/** Items: a list, or anything that can be iterated, asynchronously too. */
export type ExperimentData<Item extends ExperimentItem> = Iterable<Item> | AsyncIterable<Item>

export interface RunOptions<Item extends ExperimentItem = ExperimentItem, Returned = unknown> {
  /** Of the experiment: runs of one name on one dataset belong together. */
  name: string
  /** Default: the name and the time. The name of an unfinished run continues it, together with other processes. */
  runName?: string
  description?: string
  metadata?: Record<string, unknown>
  task: Task<Item, Returned>
  evaluators?: readonly EvaluatorFor<Item, NoInfer<Returned>>[]
  compositeEvaluator?: CompositeEvaluator<
    Loose<InputOf<Item>>,
    Loose<ExpectedOf<Item>>,
    Loose<MetadataOf<Item>>,
    Loose<OutputOf<NoInfer<Returned>>>
  >
  runEvaluators?: readonly RunEvaluator<Item, Loose<OutputOf<NoInfer<Returned>>>>[]
  /** Items at once, over all processes of the run: 1–1,000, default 50. */
  maxConcurrency?: number
  /** How often each item is executed: 1–100, default 1. */
  repetitions?: number
  /** The limit of one attempt, in milliseconds; default 60,000. */
  timeoutMs?: number
  /** Attempts per item, for errors that another attempt can help: 1–20, default 3. */
  maxAttempts?: number
  /** The run stops when its known cost reaches this. */
  budgetUsd?: number
  /** The run stops when more than this share of its items failed, 0–1. */
  maxFailureRate?: number
  /**
   * The run stops as soon as it is decided that this score is better or worse than that of a baseline run of the dataset, or
   * no worse than by `margin`. The rest of its items stay CANCELLED.
   */
  earlyStop?: { score: string; baseline: RunLike; margin?: number }
  /** Aborts what is executed and gives the rest back: the run can be continued by its name. */
  signal?: AbortSignal
  /** A progress bar on a terminal (true), none (false), or a function that is called with the progress. Default true. */
  progress?: boolean | ((progress: Progress) => void)
  /** Identifies the code of the task; default: a hash of the function's text, which knows nothing of what it calls. */
  version?: string
  /** Evaluators of the server that score the run too, by name; default: those that are active for the dataset. */
  serverEvaluators?: readonly string[]
  /** Whether commit, branch, CI job and the like are recorded in the metadata of the run; default true. */
  environment?: boolean
}

export interface ExperimentOptions<Item extends ExperimentItem = ExperimentItem, Returned = unknown>
  extends RunOptions<Item, Returned> {
  data: ExperimentData<Item> | HostedItems<Item>
  /** Whether the run is recorded at the server; default true. Without, nothing is sent. */
  record?: boolean
  /** The dataset that local data are recorded as; default `local/<name>`. It will contain exactly the data. */
  datasetName?: string
}
