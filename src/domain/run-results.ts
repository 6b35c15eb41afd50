/** What an evaluator of a run as a whole sees: the results of all of its items. */
import type { Json } from './json/json.ts'

export interface RunResults {
  run: RunResult
  /** In the order of the schedule, repetitions after each other. */
  items: ItemResultSeen[]
}

/** Counts are executions of items; cost and latency are of the task alone. */
export interface RunResult {
  /** Its global id. */
  id: string
  name: string
  total: number
  succeeded: number
  failed: number
  /** Known costs in USD; null when none is known. */
  costUsd: number | null
}

/** One execution of an item. */
export interface ItemResultSeen {
  /** The global id of the dataset item, and its key. */
  id: string
  key: string | null
  repetition: number
  status: 'SUCCEEDED' | 'FAILED'
  input: Json
  output: Json
  expectedOutput: Json
  metadata: Json
  tags: string[]
  error: { code: string; message: string } | null
  /** In milliseconds; null when not known. */
  latencyMs: number | null
  costUsd: number | null
  /** The scores of evaluators that count, by name: a value or a label. */
  scores: Record<string, number | string>
  /** Which of `input`, `output` and `expectedOutput` are null because they are large. */
  omitted?: string[]
}

/** Larger inputs, outputs and expected outputs are left out: in characters of their JSON. */
export const maxSeenCharacters = 10_000
/** All results of a run together, in characters of their JSON. */
export const maxResultsCharacters = 32_000_000
