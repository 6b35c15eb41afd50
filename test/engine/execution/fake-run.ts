import type { ClaimedItem } from '../../../src/db/sql/run-item/claim-items.ts'
import { nothingSpent } from '../../../src/domain/execution/task.ts'
import type { Claim, Held } from '../../../src/engine/execution/claim.ts'
import { type ItemResult, isEvaluation, type LedgerResult } from '../../../src/engine/execution/item-result.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

/** A run for a lane to work on. It hands out its items in order, like the ledger. */
export class FakeRun {
  readonly clock: FakeClock
  readonly claims: { limit: number; got: number }[] = []
  /** Items that the lane had but did not name in a claim. */
  readonly forgotten: number[] = []
  readonly results: ItemResult['item'][] = []
  /** Items that are not handed out yet. */
  queued: number
  concurrency = 2
  /** Overrides of the answers to the next claims. */
  answers: (Partial<Claim> | null)[] = []
  /** Claims are made at once, and answered when this resolves. */
  held: PromiseWithResolvers<void> | null = null
  #next = 0
  /** Handed out but not recorded. */
  readonly #out = new Set<number>()

  constructor(queued: number, clock = new FakeClock()) {
    this.queued = queued
    this.clock = clock
  }

  async claim(_lease: string, limit: number, known: () => Held): Promise<Claim | null> {
    const claim = { limit, got: 0 }
    this.claims.push(claim)
    const named = new Set(known().items)
    this.forgotten.push(...[...this.#out].filter((ordinal) => !named.has(ordinal)))
    const answer = this.answers.shift()
    if (answer === undefined) claim.got = Math.min(limit, this.queued)
    const items = Array.from({ length: claim.got }, (_, n) => item(this.#next + n))
    this.#next += claim.got
    for (const { ordinal } of items) this.#out.add(ordinal)
    this.queued -= claim.got
    const { queued, concurrency } = this
    await this.held?.promise
    return answer === null
      ? null
      : { items, evaluations: [], status: 'RUNNING', queued, concurrency, dueMs: null, ...answer }
  }

  async record(result: LedgerResult): Promise<void> {
    if (isEvaluation(result)) return
    const { item } = result
    this.results.push(item)
    this.#out.delete(item.ordinal)
    if (item.status === 'QUEUED') this.queued += 1
  }

  get statuses(): string[] {
    return this.results.map(({ status }) => status)
  }
}

export function item(ordinal: number): ClaimedItem {
  const itemId = String(ordinal)
  const content = { key: null, input: ordinal, expectedOutput: null, metadata: null, tags: [], recorded: null }
  const counts = { repetition: 0, attempts: 1, excused: 0, crashed: false }
  return { ordinal, lease: '1', itemId, ...counts, ...nothingSpent, ...content }
}
