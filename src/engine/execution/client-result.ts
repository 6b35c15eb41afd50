/** The results that clients send: checked as a whole before any of them is recorded. */
import * as z from 'zod'
import type { PinnedEvaluator } from '../../db/sql/evaluator/pin-evaluators.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import type { Direction, Evaluation } from '../../domain/evaluation.ts'
import type { RecordedEvaluation } from '../../domain/execution/recorded-response.ts'
import type { TaskSpec } from '../../domain/execution/task.ts'
import type { Json } from '../../domain/json/json.ts'
import { json, optional, parseInput, text } from '../../domain/parse-input.ts'
import { isFinished } from '../../domain/run.ts'
import type { Scope } from '../../domain/scope.ts'
import {
  fitEvaluation,
  isScore,
  parseScore,
  parseScoreName,
  type ScoreInput,
  type ScoreValue,
} from '../../domain/score.ts'
import { checkEach, requireOnce } from '../bulk.ts'
import { type ClientEvaluator, clientEvaluatorKey, pinClientEvaluators } from '../client-evaluators.ts'
import type { Services } from '../services.ts'
import { failedScore } from './item-result.ts'

/** A result as a client sends it, unchecked. */
export interface ClientResultInput {
  ordinal: number
  /** The number of the attempt, as claimed. */
  attempt: number
  /** Of an attempt that succeeded. */
  output?: Json
  /** Of one that failed. */
  error?: ClientError | null
  latencyMs?: number | null
  costUsd?: number | null
  inputTokens?: number | null
  outputTokens?: number | null
  traceId?: string | null
  /** By the client's own evaluators; of an attempt that succeeded. */
  scores?: readonly ClientScoreInput[] | null
}

export interface ClientError {
  /** One of Assay's, or the task's own; default TASK_FAILED. */
  code?: string | null
  message: string
  retryable?: boolean | null
  /** The wait that the task was asked for; the attempt does not count then. */
  retryAfterMs?: number | null
}

export interface ClientScoreInput extends ScoreInput {
  /** Also of its evaluator. */
  name: string
  /** Identifies the code of the evaluator. */
  version?: string | null
  /** Default HIGHER_IS_BETTER. */
  direction?: Direction | null
  comment?: string | null
  metadata?: Json
  /** What it has cost. With that, `value` and `label` may be missing: the evaluator did not apply to the item. */
  costUsd?: number | null
  /** The evaluator failed, and there is no value. */
  error?: string | null
}

/** A checked result. */
export interface ClientResult {
  ordinal: number
  attempt: number
  path: string[]
  output: Json
  error: { code: string; message: string; retryable: boolean; retryAfterMs: number | null } | null
  latencyMs: number | null
  costUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
  traceId: string | null
  scores: RecordedEvaluation[]
}

type ParsedScore = ClientEvaluator & Evaluation & Pick<RecordedEvaluation, 'error'>

const amount = z.number().min(0)
const tokens = z.int().min(0).max(2_147_483_647)
const figures = z.object({
  attempt: z.int().min(1),
  latencyMs: optional(amount, null),
  costUsd: optional(amount, null),
  inputTokens: optional(tokens, null),
  outputTokens: optional(tokens, null),
  traceId: optional(z.string().regex(/^[0-9a-f]{32}$/, 'expected 32 lower-case hex digits'), null),
})
const failure = z.object({
  code: optional(text.min(1).max(100), 'TASK_FAILED'),
  message: text,
  retryable: optional(z.boolean(), false),
  retryAfterMs: optional(amount, null),
})
const version = optional(text.min(1).max(200), null)

/**
 * Checks results, and pins the evaluators that they name, if something may be recorded: to a run of clients that has not
 * finished. Else their scores are left out.
 * @returns also all evaluators that the run has pinned, and whether something may be recorded
 * @throws {InvalidInputError}
 */
export async function parseResults(
  { db }: Services,
  { projectId }: Scope,
  { runId, results }: { runId: string; results: readonly ClientResultInput[] },
): Promise<{ results: ClientResult[]; evaluators: PinnedEvaluator[]; isOpen: boolean }> {
  requireOnce(
    results,
    'item',
    (index) => ['results', String(index), 'runItemId'],
    ({ ordinal }) => String(ordinal),
  )
  const parsed = checkEach(results, (result, index) => {
    const path = ['results', String(index)]
    return { ...parseResult(result, path), path, ordinal: result.ordinal }
  })
  const run = await db.prisma.run.findUnique({ where: { id: runId, projectId }, select: { status: true, task: true } })
  const isOpen = run !== null && (run.task as unknown as TaskSpec).kind === 'client' && !isFinished(run.status)
  if (!isOpen) return { isOpen, evaluators: [], results: parsed.map((result) => ({ ...result, scores: [] })) }
  const named = parsed.flatMap(({ scores }) => scores)
  const evaluators = await pinClientEvaluators(db, { id: runId, projectId }, named)
  const byKey = new Map(evaluators.flatMap((evaluator) => keyed(evaluator)))
  const ofServer = new Set(evaluators.flatMap(({ definition, name }) => (definition.kind === 'client' ? [] : [name])))
  return {
    isOpen,
    evaluators,
    results: parsed.map(({ scores, ...result }) => ({
      ...result,
      scores: scores.map(({ version, direction: _, ...score }, index): RecordedEvaluation => {
        if (ofServer.has(score.name)) {
          throw new InvalidInputError(
            `Expected a score that no evaluator of the server has in this run, got "${score.name}".`,
            [...result.path, 'scores', String(index), 'name'],
          )
        }
        const evaluator = byKey.get(clientEvaluatorKey({ name: score.name, version }))
        if (!evaluator) throw new Error(`The evaluator of "${score.name}" is not pinned.`)
        return fitScore(score, evaluator, result.attempt)
      }),
    })),
  }
}

/** A value that the series of its name cannot have is a failure of the evaluator. */
function fitScore(
  score: Evaluation & Pick<RecordedEvaluation, 'error'>,
  { versionId, rules }: PinnedEvaluator,
  attempt: number,
): RecordedEvaluation {
  const pinned = { ...score, evaluatorVersionId: versionId, rules, isPinned: true as const }
  if (score.error || !isScore(score)) return { ...pinned, dataType: rules.dataType }
  try {
    return { ...pinned, ...fitEvaluation(score, rules) }
  } catch (thrown) {
    const failed = failedScore({ ...pinned, ordinal: 0, dataType: rules.dataType }, thrown, attempt)
    return { ...pinned, ...failed, isPinned: true }
  }
}

function keyed(evaluator: PinnedEvaluator): [string, PinnedEvaluator][] {
  const { definition } = evaluator
  return definition.kind === 'client' ? [[clientEvaluatorKey(definition), evaluator]] : []
}

function parseResult(result: ClientResultInput, path: string[]) {
  const { attempt, latencyMs, costUsd, inputTokens, outputTokens, traceId } = result
  const numbers = parseInput(figures, { attempt, latencyMs, costUsd, inputTokens, outputTokens, traceId }, path)
  const scores = result.scores ?? []
  if (result.error == null) {
    return {
      ...numbers,
      output: parseInput(json, result.output ?? null, [...path, 'output']),
      error: null,
      scores: parseScores(scores, attempt, path),
    }
  }
  if (result.output != null || scores.length > 0) {
    throw new InvalidInputError('Expected an error without an output and scores, got both.', [...path, 'error'])
  }
  return { ...numbers, output: null, error: parseInput(failure, result.error, [...path, 'error']), scores: [] }
}

function parseScores(scores: readonly ClientScoreInput[], attempt: number, path: string[]): ParsedScore[] {
  const names = new Set<string>()
  return scores.map((score, index) => {
    const at = [...path, 'scores', String(index)]
    const parsed = parseScoreInput(score, attempt, at)
    if (names.has(parsed.name)) {
      throw new InvalidInputError(`Expected scores with different names, got two named "${parsed.name}".`, [
        ...at,
        'name',
      ])
    }
    names.add(parsed.name)
    return parsed
  })
}

const plainName = /^[\w-]{1,200}$/

/** The usual scores, without the schema that each refusal needs: making one costs more than recording the score. */
function plainScore({ dataType, value, label }: ClientScoreInput): ScoreValue | null {
  if (typeof value === 'number' && Number.isFinite(value) && label == null) {
    if (dataType == null || dataType === 'NUMERIC') return { dataType: 'NUMERIC', value, label: null }
    if (dataType === 'BOOLEAN' && (value === 0 || value === 1)) return { dataType, value, label: null }
  }
  if (
    typeof label === 'string' &&
    value == null &&
    (dataType == null || dataType === 'CATEGORICAL' || dataType === 'TEXT')
  ) {
    return { dataType: dataType ?? 'CATEGORICAL', value: null, label }
  }
  return null
}

function parseScoreInput(score: ClientScoreInput, attempt: number, at: string[]): ParsedScore {
  const { dataType, value, label, error } = score
  const about = {
    name: plainName.test(score.name) ? score.name : parseScoreName(score.name, at),
    version: score.version == null ? null : parseInput(version, score.version, [...at, 'version']),
    direction: score.direction ?? ('HIGHER_IS_BETTER' as const),
    comment: score.comment ?? null,
    metadata: score.metadata ?? null,
    costUsd: score.costUsd == null ? null : parseInput(amount, score.costUsd, [...at, 'costUsd']),
  }
  const isMissing = value == null && label == null && about.costUsd !== null
  if (error == null && isMissing)
    return { ...about, dataType: dataType ?? 'NUMERIC', value: null, label: null, error: null }
  if (error == null)
    return { ...about, ...(plainScore(score) ?? parseScore({ dataType, value, label }, null, at)), error: null }
  const message = parseInput(text, error, [...at, 'error'])
  return {
    ...about,
    dataType: dataType ?? 'NUMERIC',
    value: null,
    label: null,
    error: { code: 'EVALUATOR_FAILED', message, retryable: false, attempt },
  }
}
