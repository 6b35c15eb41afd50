import type { Database, ReadableDatabase } from '../db/client.ts'
import { atOneMoment } from '../db/snapshot.ts'
import { compareMetrics, type MetricComparison } from '../engine/comparison/compare-metrics.ts'
import type { Comparison } from '../engine/comparison/comparison.ts'
import { ComparisonSequences } from '../engine/comparison/sequences.ts'

/** Computing metrics takes at most this share of the time. */
const metricsShare = 0.2
const minMetricsMs = 500

interface Reading {
  work: (db: ReadableDatabase) => Promise<void>
  fail: (error: unknown) => void
}

/**
 * What all readers of one comparison share, whatever their windows: the moments at which they read, and the metrics at
 * each. So a change is computed once.
 */
export class SharedComparison {
  readonly #db: Database
  /** Its own, so that it is never ahead of the moment of a batch. */
  readonly #sequences: ComparisonSequences
  #metrics: { seqs: string; tookMs: number; value: MetricComparison[] } | null = null
  #metricsDueAt = 0
  /** For the next moment. */
  #waiting: Reading[] = []
  #isReading = false

  constructor(db: Database) {
    this.#db = db
    this.#sequences = new ComparisonSequences(db)
  }

  /** Reads at one moment, together with all who ask in this turn or while another moment is read. */
  read<T>(work: (db: ReadableDatabase) => Promise<T>): Promise<T> {
    return new Promise((resolve, fail) => {
      this.#waiting.push({ work: (db) => work(db).then(resolve, fail), fail })
      if (this.#isReading) return
      this.#isReading = true
      setImmediate(() => void this.#readMoments())
    })
  }

  async #readMoments(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = this.#waiting
      this.#waiting = []
      await atOneMoment(this.#db.pool, async (pool) => {
        const db = { pool, prisma: this.#db.prisma }
        for (const { work } of together) await work(db)
      }).catch((error: unknown) => {
        for (const { fail } of together) fail(error)
      })
    }
    this.#isReading = false
  }

  /**
   * The metrics at the moment of `comparison`; null when they are not due.
   * @param now even if they are not due
   */
  async metrics(db: ReadableDatabase, comparison: Comparison, now: boolean): Promise<MetricComparison[] | null> {
    const seqs = comparison.runs.map((run) => run.seq).join('.')
    if (this.#metrics?.seqs === seqs) return this.#metrics.value
    const startedAt = performance.now()
    if (!now && startedAt < this.#metricsDueAt) return null
    this.#metricsDueAt = Infinity
    try {
      const value = await compareMetrics(db, this.#sequences, comparison)
      this.#metrics = { seqs, tookMs: performance.now() - startedAt, value }
      return value
    } finally {
      this.#metricsDueAt = performance.now() + this.metricsEveryMs
    }
  }

  /** How long metrics are kept at least while runs execute, in milliseconds. */
  get metricsEveryMs(): number {
    return Math.max(minMetricsMs, (this.#metrics?.tookMs ?? 0) / metricsShare)
  }
}
