/** Calls without a run: a server writes the request, a worker that has what it needs the response. */

import type { Evaluation, EvaluationInput, EvaluatorSpec } from '../../../domain/evaluation.ts'
import type { PromptTaskSpec } from '../../../domain/execution/prompt-task.ts'
import type { ItemError, ModuleTaskSpec, TaskItem, TaskResult } from '../../../domain/execution/task.ts'
import type { ModelPrices } from '../../../domain/model/generation.ts'
import type { Queryable } from '../../client.ts'
import { channels, notify } from '../../listener.ts'
import { queryRows } from '../../query-rows.ts'

export interface EvaluatorRequest {
  module: string
  scoreName: string
  item: EvaluationInput
  /** In milliseconds. */
  timeoutMs: number
}

export interface CallRequest {
  projectId: string
  task: PromptTaskSpec | ModuleTaskSpec
  item: TaskItem
  /** Names of the functions that it calls: itself, or the tools of its prompt. */
  functions: readonly string[]
  /** Of the call itself, in milliseconds. */
  timeoutMs: number
}

/** A call of an evaluator whose model only workers have the key of. */
export interface JudgeRequest {
  projectId: string
  evaluator: { definition: EvaluatorSpec; name: string; prices: ModelPrices | null }
  item: EvaluationInput
  functions: readonly []
  /** In milliseconds. */
  timeoutMs: number
}

export type PreviewRequest = EvaluatorRequest | CallRequest | JudgeRequest

/** What a model or a function answered. */
export interface PreviewAnswer extends TaskResult {
  /** Milliseconds. */
  latencyMs: number
}

export type PreviewResponse =
  | { evaluations: Evaluation[] }
  | { answer: PreviewAnswer }
  | { error: string }
  | { failure: ItemError }

/** Asks the workers; returns the request's id. Removes requests whose server has not fetched the response. */
export async function requestPreview(client: Queryable, request: PreviewRequest): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `WITH gone AS (DELETE FROM evaluator_preview WHERE created_at < now() - interval '10 minutes')
     INSERT INTO evaluator_preview (request) VALUES ($1) RETURNING id::text`,
    [JSON.stringify(request)],
  )
  await notify(client, channels.preview)
  return rows[0]?.id as string
}

/** Takes the oldest open request that needs none but these functions; null when there is none. */
export async function takePreview(
  client: Queryable,
  workerId: string,
  functions: { tasks: readonly string[]; evaluators: readonly string[] },
): Promise<{ id: string; request: PreviewRequest } | null> {
  const rows = await queryRows<{ id: string; request: PreviewRequest }>(
    client,
    `UPDATE evaluator_preview SET worker_id = $1
     WHERE id = (
       SELECT id FROM evaluator_preview
       WHERE worker_id IS NULL AND created_at > now() - interval '1 minute'
         AND (request ->> 'module' = ANY ($2) OR request -> 'functions' <@ to_jsonb($3::text[]))
       ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id::text, request`,
    [workerId, functions.evaluators, functions.tasks],
  )
  return rows[0] ?? null
}

export async function answerPreview(client: Queryable, id: string, response: PreviewResponse): Promise<void> {
  await client.query('UPDATE evaluator_preview SET response = $2 WHERE id = $1', [id, JSON.stringify(response)])
}

/** The response, which is removed with its request; null while there is none. */
export async function fetchPreview(client: Queryable, id: string): Promise<PreviewResponse | null> {
  const rows = await queryRows<{ response: PreviewResponse }>(
    client,
    'DELETE FROM evaluator_preview WHERE id = $1 AND response IS NOT NULL RETURNING response',
    [id],
  )
  return rows[0]?.response ?? null
}

/** Withdraws a request: the worker that answers it ends the call. */
export async function withdrawPreview(client: Queryable, id: string): Promise<void> {
  await client.query('DELETE FROM evaluator_preview WHERE id = $1', [id])
  await notify(client, channels.preview, id)
}
