import { expect, test } from 'vitest'
import { Metrics } from '../../src/telemetry/metrics.ts'

/** The samples of one instrument, without its comments. */
async function samples(metrics: Metrics, name: string): Promise<string[]> {
  const text = await metrics.registry.getSingleMetricAsString(name)
  return text.split('\n').filter((line) => !line.startsWith('#'))
}

test('endpoints beyond the fifty busiest are merged', async () => {
  const metrics = new Metrics()
  const states = Array.from({ length: 60 }, (_, n) => ({
    endpoint: `https://${n}.example`,
    inUse: 1,
    waiting: n,
    pausedMs: 0,
  }))
  const load = { lanes: 0, used: 0, slots: 0, items: 0, unwritten: 0 }
  metrics.watchWorker({ load, limits: { states: () => [...states] } })
  const waiting = await samples(metrics, 'assay_endpoint_waiting')
  expect(waiting).toHaveLength(51)
  expect(waiting).toContain('assay_endpoint_waiting{endpoint="https://59.example"} 59')
  expect(waiting).toContain('assay_endpoint_waiting{endpoint="other"} 45')
})

test('subscribers to runs and to comparisons are counted separately, as of the scrape', async () => {
  const metrics = new Metrics()
  const runs = { subscribers: 2 }
  const comparisons = { subscribers: 1 }
  metrics.watchFeeds(runs, comparisons)
  expect(await samples(metrics, 'assay_feed_subscribers')).toEqual(['assay_feed_subscribers 2'])
  comparisons.subscribers = 3
  expect(await samples(metrics, 'assay_comparison_feed_subscribers')).toEqual(['assay_comparison_feed_subscribers 3'])
})

test('one scrape reads the queue once, and an unreadable queue has no value', async () => {
  const metrics = new Metrics()
  let reads = 0
  let away = false
  metrics.watchQueue(async () => {
    reads += 1
    if (away) throw new Error('the database is away')
    return { lanes: 1, items: 20, runs: 3 }
  })
  const text = await metrics.registry.metrics()
  expect(text).toContain('assay_lanes_waiting 1')
  expect(text).toContain('assay_items_queued 20')
  expect(text).toContain('assay_runs_unfinished 3')
  expect(reads).toBe(1)
  away = true
  expect(await metrics.registry.metrics()).not.toMatch(/^assay_(lanes_waiting|items_queued|runs_unfinished) /m)
})

test('a flush without results counts its time, and neither results nor retries', async () => {
  const metrics = new Metrics()
  const ended = { succeeded: 0, failed: 0, cancelled: 0 }
  metrics.flushed({ seconds: 0.5, results: 0, retries: 0, ended })
  metrics.flushed({ seconds: 0.5, results: 7, retries: 2, ended: { ...ended, succeeded: 4, failed: 1 } })
  const text = await metrics.registry.metrics()
  expect(text).toContain('assay_recorder_flush_seconds_sum 1')
  expect(text).toContain('assay_recorder_flush_results_count 1')
  expect(text).toContain('assay_recorder_flush_results_sum 7')
  expect(text).toContain('assay_item_retries_total 2')
  expect(text).toContain('assay_items_finished_total{status="succeeded"} 4')
  expect(text).toContain('assay_items_finished_total{status="cancelled"} 0')
})
