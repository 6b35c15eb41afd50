import type { EvaluatorRequest, JudgeRequest } from '../db/sql/preview/previews.ts'
import { findPrices } from '../db/sql/provider/find-provider.ts'
import { listWorkers } from '../db/sql/worker/list-workers.ts'
import { InvalidInputError, messageOf } from '../domain/errors.ts'
import { type Evaluation, type EvaluationInput, type EvaluatorSpec, isOfRun } from '../domain/evaluation.ts'
import { excerpt } from '../domain/excerpt.ts'
import { withDeadline } from '../domain/execution/deadline.ts'
import { registeredFunctions } from '../domain/execution/functions.ts'
import type { ItemError, ItemErrorCode } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { isScore } from '../domain/score.ts'
import { parseEvaluatorSpec } from '../evaluators/registry.ts'
import { askWorker } from './ask-worker.ts'
import { callsModel, checkDefinition } from './check-definition.ts'
import { readEvaluator } from './evaluators.ts'
import { createProjectEvaluator } from './project-evaluator.ts'
import type { Services } from './services.ts'
import { functionsFor, noWorker } from './workers.ts'

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
/** How long after that a worker may still answer. */
const graceMs = 5_000

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
  // This may execute the project's own code, which can do anything: a read-only role must not.
  requireWrite(scope)
  if ((input.definition == null) === (input.id == null)) {
    throw new InvalidInputError('Expected either a definition or the id of an evaluator.', ['definition'])
  }
  const known = input.id == null ? null : await readEvaluator(services.db.prisma, scope, input.id)
  const definition =
    (known?.current.definition as unknown as EvaluatorSpec | undefined) ??
    (await parseDefinition(services, scope, input.definition))
  if (isOfRun(definition)) {
    const message =
      'expected an evaluator of items, got one that scores a run as a whole: let it score a finished run with rescoreRuns'
    throw new InvalidInputError(message, [input.id == null ? 'definition' : 'id'])
  }
  const item = {
    input: input.input ?? null,
    output: input.output,
    expectedOutput: input.expectedOutput ?? null,
    metadata: input.metadata ?? null,
    latencyMs: input.latencyMs ?? 0,
    costUsd: input.costUsd ?? null,
  }
  const name = input.name ?? known?.name ?? 'preview'
  if (definition.kind === 'module') return previewFunction(services, definition.module, name, item)
  if (callsModel(definition)) return previewByModel(services, scope.projectId, definition, name, item)
  try {
    const evaluate = createProjectEvaluator(services, scope.projectId, { definition, name, prices: null })
    const deadline = { timeoutMs, signal: new AbortController().signal }
    const subject = { preview: scope.projectId }
    const evaluations = await withDeadline((signal) => evaluate(item, { signal, subject }), deadline)
    return previewed(evaluations)
  } catch (error) {
    return failed('EVALUATOR_FAILED', messageOf(error))
  }
}

async function parseDefinition(services: Services, scope: Scope, definition: unknown): Promise<EvaluatorSpec> {
  const spec = parseEvaluatorSpec(definition, await functionsFor(services, definition, ['definition']))
  await checkDefinition(services, scope, spec)
  return spec
}

/** Has a worker call a function: users' code runs in no server. */
async function previewFunction(
  { db }: Services,
  module: string,
  scoreName: string,
  item: EvaluationInput,
): Promise<EvaluatorPreview> {
  const workers = await listWorkers(db.pool)
  if (workers.length === 0) return failed('MODULE_NOT_FOUND', `A preview needs a worker, and ${noWorker}.`)
  if (!registeredFunctions(workers.flatMap(({ functions }) => functions)).evaluators.has(module)) {
    const problem = workers.find((worker) => worker.problem !== null)?.problem
    const why = problem == null ? '' : ` ${problem}`
    return failed('MODULE_NOT_FOUND', `The assay.config.ts of no worker has an evaluator "${module}".${why}`)
  }
  return ask(db, { module, scoreName, item, timeoutMs })
}

/** Has a worker call a model: it has the keys, and the limits of its process. */
async function previewByModel(
  { db }: Services,
  projectId: string,
  definition: Extract<EvaluatorSpec, { provider: string }>,
  name: string,
  item: EvaluationInput,
): Promise<EvaluatorPreview> {
  if ((await listWorkers(db.pool)).length === 0) {
    return failed('EVALUATOR_FAILED', `A preview needs a worker, and ${noWorker}.`)
  }
  const prices = await findPrices(db.pool, projectId, definition)
  return ask(db, { projectId, evaluator: { definition, name, prices }, item, functions: [], timeoutMs })
}

async function ask(db: Services['db'], request: EvaluatorRequest | JudgeRequest): Promise<EvaluatorPreview> {
  const limits = { waitMs: timeoutMs + graceMs, signal: new AbortController().signal }
  const response = await askWorker(db, request, limits)
  if (response === null) {
    return failed('EVALUATOR_FAILED', `No worker has answered within ${(timeoutMs + graceMs) / 1_000} s.`)
  }
  if ('evaluations' in response) return previewed(response.evaluations)
  return failed('EVALUATOR_FAILED', 'error' in response ? response.error : 'The worker has answered something else.')
}

/** The scores, and why others are none. */
function previewed(evaluations: readonly Evaluation[]): EvaluatorPreview {
  const failures = evaluations.flatMap(({ name, failure }) => (failure === undefined ? [] : [`"${name}": ${failure}`]))
  const { error } = failures.length > 0 ? failed('EVALUATOR_FAILED', failures.join(' ')) : { error: null }
  return { evaluations: evaluations.filter(isScore), error }
}

function failed(code: ItemErrorCode, message: string): EvaluatorPreview {
  return { evaluations: [], error: { code, message: excerpt(message, 2_000), retryable: false } }
}
