import type { Provider } from '../../db/generated/prisma/client.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { withDeadline } from '../../domain/execution/deadline.ts'
import { TaskError } from '../../domain/execution/task.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { parseInput, text } from '../../domain/parse-input.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { fileDownload } from '../../models/download.ts'
import { listServedModels } from '../../models/list-models.ts'
import { openModel } from '../../models/open-model.ts'
import { providerFetch } from '../../models/provider-fetch.ts'
import { asTaskError } from '../../tasks/call-task.ts'
import type { Services } from '../services.ts'
import { openProvider } from './open-provider.ts'

export const providerProblems = ['KEY', 'URL', 'MODEL', 'QUOTA', 'RATE_LIMIT', 'OTHER'] as const
/** What is wrong with a provider. */
export type ProviderProblem = (typeof providerProblems)[number]

export interface ProviderTest {
  provider: Provider
  /** Null when the model answered. */
  problem: ProviderProblem | null
  /** What happened, and what to do. */
  message: string
  latencyMs: number
  costUsd: number | null
  /** What the provider says that it serves, at most 1,000; null when it does not tell. */
  servedModels: string[] | null
}

const timeoutMs = 30_000
/** For the list of models, which is only a help. */
const listTimeoutMs = 5_000
const maxModels = 1_000

/**
 * Calls a model through a provider with the shortest of prompts, and says what is wrong.
 * @throws {InvalidInputError} no model
 * @throws {NotFoundError} no such provider
 */
export async function testProvider(
  services: Services,
  scope: Scope,
  input: { id: string; model: string },
): Promise<ProviderTest> {
  requireWrite(scope)
  const { projectId } = scope
  const model = parseInput(text.min(1).max(200), input.model, ['model'])
  const provider = await services.db.prisma.provider.findFirst({ where: { id: input.id, projectId } })
  if (!provider) {
    const id = encodeGlobalId('Provider', input.id)
    throw new NotFoundError(`There is no provider ${id} in this project.`, ['id'])
  }
  const startedAt = performance.now()
  const deadline = { timeoutMs, signal: new AbortController().signal }
  const fetch = providerFetch(services.http.dispatcher)
  const ended = (problem: ProviderProblem | null, message: string) => ({
    provider,
    problem,
    message,
    latencyMs: performance.now() - startedAt,
  })
  try {
    const access = await openProvider(services, projectId, provider.name)
    const served = withDeadline((signal) => listServedModels(access, fetch, signal), {
      ...deadline,
      timeoutMs: listTimeoutMs,
    }).catch(() => null)
    const call = {
      access,
      model: await openModel(access, model, fetch),
      instructions: [],
      messages: [{ role: 'user' as const, content: 'Answer with the word OK.' }],
      parameters: { maxOutputTokens: 16 },
      output: null,
      tools: [],
      maxSteps: 1,
      stream: false,
      firstTokenTimeoutMs: null,
      nextTokenTimeoutMs: null,
      prices: null,
      download: fileDownload(fetch),
    }
    // Most servers never test one.
    const { callModel } = await import('../../models/call-model.ts')
    const outcome = await withDeadline(
      (signal) => callModel(call, { signal, traceparent: '' }).catch((error: unknown) => asTaskError(error)),
      deadline,
    ).catch((error: unknown) => asTaskError(error))
    const servedModels = (await served)?.slice(0, maxModels) ?? null
    if (!(outcome instanceof TaskError)) {
      return { ...ended(null, `${model} answered.`), costUsd: outcome.costUsd, servedModels }
    }
    const problem = problemOf(outcome)
    const hint = problem === 'MODEL' && servedModels ? ` It serves ${listed(servedModels)}.` : ''
    return { ...ended(problem, `${outcome.message}${hint}`), costUsd: null, servedModels }
  } catch (error) {
    const failure = asTaskError(error)
    return { ...ended(problemOf(failure), failure.message), costUsd: null, servedModels: null }
  }
}

const problems: Record<string, ProviderProblem> = {
  AUTHENTICATION_FAILED: 'KEY',
  NOTHING_SERVED: 'URL',
  CONNECTION_REFUSED: 'URL',
  CONNECTION_FAILED: 'URL',
  BLOCKED_ADDRESS: 'URL',
  MALFORMED_RESPONSE: 'URL',
  MODEL_NOT_FOUND: 'MODEL',
  QUOTA_EXHAUSTED: 'QUOTA',
  RATE_LIMITED: 'RATE_LIMIT',
}

function problemOf({ code }: TaskError): ProviderProblem {
  return problems[code] ?? 'OTHER'
}

function listed(models: readonly string[]): string {
  const some = models.slice(0, 20).join(', ')
  return models.length > 20 ? `${some} and ${models.length - 20} others` : some
}
