import type { CallRequest, PreviewResponse } from '../../db/sql/preview/previews.ts'
import { systemClock } from '../../domain/clock.ts'
import { endpointOf } from '../../domain/limits/endpoint.ts'
import { newTraceparent } from '../../models/traceparent.ts'
import { asTaskError, callTask } from '../../tasks/call-task.ts'
import type { EndpointLimits } from '../limits/endpoint-limits.ts'
import { createProjectTask } from '../project-task.ts'
import type { Services } from '../services.ts'
import { failedWith, succeeded } from './call-outcome.ts'
import { ItemCalls } from './item-calls.ts'
import type { Slots } from './slots.ts'

interface CallParts {
  services: Services
  /** Those of the process: a preview takes turns with the runs. */
  limits: Pick<EndpointLimits, 'acquire'>
  pool: Slots
}

/**
 * Calls a model or a function once, under the limits of its endpoint.
 * @param id of the preview
 * @throws the signal's reason when that aborts
 */
export async function callPreviewed(
  { services, limits, pool }: CallParts,
  id: string,
  { projectId, task: spec, item, timeoutMs }: CallRequest,
  signal: AbortSignal,
): Promise<PreviewResponse> {
  const endpoint = { projectId, endpoint: endpointOf(spec), runId: id }
  const acquire = (closing: AbortSignal) => limits.acquire(endpoint, closing)
  const calls = new ItemCalls({ runId: id, acquire, pool, signal, clock: systemClock })
  try {
    if (!(await calls.start(signal, true))) throw signal.reason
    const startedAt = performance.now()
    const call = { timeoutMs, signal, traceparent: newTraceparent(), calls, subject: { preview: id } }
    const result = await callTask(createProjectTask(services, projectId, spec), item, call)
    calls.release(succeeded(result))
    return { answer: { ...result, latencyMs: performance.now() - startedAt - calls.waitedMs } }
  } catch (error) {
    signal.throwIfAborted()
    const failure = asTaskError(error)
    calls.release(failedWith(failure))
    const { code, message, retryable } = failure
    return { failure: { code, message, retryable } }
  } finally {
    calls.finish()
  }
}
