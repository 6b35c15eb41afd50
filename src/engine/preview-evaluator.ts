import { InvalidInputError, messageOf } from '../domain/errors.ts'
import type { Evaluation, EvaluatorSpec } from '../domain/evaluation.ts'
import { excerpt } from '../domain/excerpt.ts'
import { withDeadline } from '../domain/execution/deadline.ts'
import type { ItemError } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { createEvaluator, parseEvaluatorSpec } from '../evaluators/registry.ts'
import { readEvaluator } from './evaluators.ts'
import type { Services } from './services.ts'

interface PreviewEvaluatorInput {
  /** Exactly one of `definition` and `id`. */
  definition?: unknown
  /** An existing evaluator: its current version. */
  id?: string | null
  /** The score's name; default: the evaluator's, or "preview". */
  name?: string | null
  input?: Json
  output: Json
  expectedOutput?: Json
  metadata?: Json
  /** Default 0. */
  latencyMs?: number | null
  costUsd?: number | null
}

/** What the evaluator would record: scores (none if it does not apply to the output) or an error. */
export interface EvaluatorPreview {
  evaluations: Evaluation[]
  error: ItemError | null
}

const timeoutMs = 30_000

/**
 * Scores one output without recording anything.
 * @throws {InvalidInputError} an invalid definition, or not exactly one of `definition` and `id`
 * @throws {NotFoundError}
 */
export async function previewEvaluator(
  services: Services,
  scope: Scope,
  input: PreviewEvaluatorInput,
): Promise<EvaluatorPreview> {
  // This executes the project's own code, which can do anything: a read-only role must not.
  requireWrite(scope)
  if ((input.definition == null) === (input.id == null)) {
    throw new InvalidInputError('Expected either a definition or the id of an evaluator.', ['definition'])
  }
  const known = input.id == null ? null : await readEvaluator(services.db.prisma, scope, input.id)
  const definition =
    (known?.current.definition as unknown as EvaluatorSpec | undefined) ??
    parseEvaluatorSpec(input.definition, services.modules)
  const item = {
    input: input.input ?? null,
    output: input.output,
    expectedOutput: input.expectedOutput ?? null,
    metadata: input.metadata ?? null,
    latencyMs: input.latencyMs ?? 0,
    costUsd: input.costUsd ?? null,
  }
  try {
    const evaluate = createEvaluator(definition, input.name ?? known?.name ?? 'preview', services.modules)
    const deadline = { timeoutMs, signal: new AbortController().signal }
    return { evaluations: await withDeadline((signal) => evaluate(item, { signal }), deadline), error: null }
  } catch (error) {
    const message = excerpt(messageOf(error), 2_000)
    return { evaluations: [], error: { code: 'EVALUATOR_FAILED', message, retryable: false } }
  }
}
