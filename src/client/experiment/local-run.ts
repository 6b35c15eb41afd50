/** Executes an experiment without a server: the same attempts, with the retries that a server would decide on. */
import type { Clock } from '../clock.ts'
import { type Attempts, itemResult } from './attempt.ts'
import type { ExperimentItem, ItemResult, Progress, RunOptions } from './types.ts'

const baseMs = 500
const capMs = 30_000

export async function executeLocally(
  items: readonly ExperimentItem[],
  attempts: Attempts,
  options: Pick<RunOptions, 'repetitions' | 'maxConcurrency' | 'maxAttempts' | 'signal'>,
  { clock, onProgress }: { clock: Clock; onProgress: (progress: Progress) => void },
): Promise<ItemResult[]> {
  const { repetitions = 1, maxConcurrency = 50, maxAttempts = 3 } = options
  const signal = options.signal ?? new AbortController().signal
  const total = items.length * repetitions
  const results = new Array<ItemResult>(total)
  const progress = { done: 0, failed: 0, total, runUrl: null }
  let next = 0

  async function executeNext(): Promise<void> {
    while (next < total) {
      signal.throwIfAborted()
      const position = next++
      const item = items[Math.floor(position / repetitions)] as ExperimentItem
      const result = await executeItem(item, position % repetitions)
      results[position] = result
      progress.done += 1
      if (result.status === 'FAILED') progress.failed += 1
      onProgress({ ...progress })
    }
  }

  async function executeItem(item: ExperimentItem, repetition: number) {
    for (let attempt = 1; ; attempt += 1) {
      const ended = await attempts.attempt(item, { repetition, attempt }, signal)
      const { failure } = ended
      if (!failure?.retryable || attempt >= maxAttempts) {
        return itemResult(item, ended, {
          repetition,
          attempts: attempt,
          runItemId: null,
        })
      }
      const backoff = Math.random() * Math.min(capMs, baseMs * 2 ** (attempt - 1))
      await clock.sleep(failure.retryAfterMs ?? backoff, signal)
      signal.throwIfAborted()
    }
  }

  const lanes = Array.from({ length: Math.min(maxConcurrency, total) }, executeNext)
  await Promise.all(lanes)
  return results
}
