import { RefusedError } from '../errors.ts'
import type { AttemptResult } from './results.ts'

/** The server takes requests of 4 MB. */
const maxBatchBytes = 2_000_000
const maxResultBytes = 3_500_000
const maxBatch = 1_000

type Entry = [runItemId: string, result: AttemptResult]

/** Results that wait to be recorded. */
export class ResultBatches {
  #waiting: { entry: Entry; bytes: number }[] = []

  get size(): number {
    return this.#waiting.length
  }

  /** One that is too large for a request becomes a failure. */
  add(runItemId: string, result: AttemptResult): void {
    const bytes = sizeOf(result)
    const fits = bytes <= maxResultBytes
    const message = `Expected a result of at most ${maxResultBytes} bytes of JSON, got ${bytes}.`
    const stored = fits ? result : failed(result, 'RESPONSE_TOO_LARGE', message)
    this.#waiting.push({ entry: [runItemId, stored], bytes: fits ? bytes : sizeOf(stored) })
  }

  /** The next ones, as many as a request takes. */
  take(): Entry[] {
    let bytes = 0
    let count = 0
    for (const next of this.#waiting) {
      bytes += next.bytes
      if (count === maxBatch || (count > 0 && bytes > maxBatchBytes)) break
      count += 1
    }
    return this.#waiting.splice(0, count).map(({ entry }) => entry)
  }

  /**
   * Puts a refused batch back, with a failure in place of the result that the server cannot store.
   * @returns false when the refusal is not about a result, or about a score: its name has to be changed
   */
  refuse(batch: readonly Entry[], error: unknown): boolean {
    if (!(error instanceof RefusedError) || error.code !== 'INVALID_INPUT') return false
    const [, list, index, part] = error.path ?? []
    const refused = list === 'results' ? batch[Number(index)] : undefined
    if (!refused || part === 'scores' || refused[1].error) return false
    this.#waiting.unshift(
      ...batch.map(([id, result]): { entry: Entry; bytes: number } => {
        const stored = result === refused[1] ? failed(result, 'UNSTORABLE_RESULT', error.message) : result
        return { entry: [id, stored], bytes: sizeOf(stored) }
      }),
    )
    return true
  }

  clear(): void {
    this.#waiting = []
  }
}

/** Of a result as JSON in UTF-8. */
function sizeOf(result: AttemptResult): number {
  return new Blob([JSON.stringify(result)]).size
}

function failed({ latencyMs, traceId }: AttemptResult, code: string, message: string): AttemptResult {
  return { latencyMs, traceId: traceId ?? null, error: { code, message, retryable: false } }
}
