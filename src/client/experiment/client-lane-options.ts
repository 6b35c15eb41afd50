import type { RecordOutcome } from '../gql/graphql.ts'
import type { Transport } from '../transport.ts'
import type { ClaimedItem } from './ready-items.ts'
import type { AttemptResult } from './results.ts'

export interface ClientLaneOptions {
  transport: Transport
  runId: string
  /** Items at once in this process. */
  maxConcurrency: number
  /** Makes one attempt; rejects only when its signal aborts. */
  execute(item: ClaimedItem, signal: AbortSignal): Promise<AttemptResult>
  /** What became of a result, which is a failure where the attempt's could not be recorded. */
  onOutcome(item: ClaimedItem, outcome: RecordOutcome, result: AttemptResult): void
  /** The run as of a renewal. */
  onRun?(progress: { succeeded: number; failed: number; total: number }): void
  /** Ends this process's part. */
  signal?: AbortSignal
  /** How long the server keeps the items of a process that says nothing, in milliseconds; default 15,000. */
  leaseMs?: number
}
