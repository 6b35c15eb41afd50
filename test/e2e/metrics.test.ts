import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../helpers/database.ts'
import { followEchoRun, makeEchoProject, startEchoRun } from '../helpers/echo-run.ts'
import { scrape } from '../helpers/scrape.ts'
import { ask, spawnServer } from '../helpers/spawn-assay.ts'

test('a run shows in the metrics: what is in flight while it executes, what ended when it is over', async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const cwd = await makeEchoProject()
  const { url } = await spawnServer(['--slots', '5'], { cwd, env: { DATABASE_URL: database.url } })
  // Two items of 60 s each hold two slots; the others wait in the queue.
  const runId = await startEchoRun(
    url,
    'sleep',
    Array.from({ length: 30 }, () => 60_000),
    { concurrency: 2 },
  )
  const following = followEchoRun(url, runId)
  await expect.poll(async () => (await scrape(url)).get('assay_slots_used')).toBe(2)
  await expect.poll(async () => (await scrape(url)).get('assay_feed_subscribers')).toBe(1)
  const during = await scrape(url)
  expect(during.get('assay_slots')).toBe(5)
  expect(during.get('assay_lanes_held')).toBe(1)
  expect(during.get('assay_lanes_waiting')).toBe(0)
  expect(during.get('assay_items_in_flight')).toBe(2)
  expect(during.get('assay_items_queued')).toBe(28)
  expect(during.get('assay_runs_unfinished')).toBe(1)
  expect(during.get('assay_endpoint_calls{endpoint="module:sleep"}')).toBe(2)
  expect(during.get('assay_endpoint_waiting{endpoint="module:sleep"}')).toBe(0)

  await ask(url, 'mutation Stop($id: ID!) { cancelRun(input: { id: $id }) { __typename } }', { id: runId })
  await following
  const failing = await startEchoRun(url, 'fail', [1, 2, 3])
  await followEchoRun(url, failing)
  const echoing = await startEchoRun(url, 'echo', [1, 2, 3, 4])
  await followEchoRun(url, echoing)

  await expect.poll(async () => (await scrape(url)).get('assay_items_in_flight')).toBe(0)
  const after = await scrape(url)
  expect(after.get('assay_items_finished_total{status="cancelled"}')).toBe(30)
  expect(after.get('assay_items_finished_total{status="failed"}')).toBe(3)
  expect(after.get('assay_items_finished_total{status="succeeded"}')).toBe(4)
  expect(after.get('assay_runs_unfinished')).toBe(0)
  expect(after.get('assay_items_queued')).toBe(0)
  expect(after.get('assay_recorder_flush_results_sum')).toBeGreaterThanOrEqual(7)
  expect(after.get('assay_recorder_flush_seconds_count')).toBeGreaterThan(0)
  expect(after.get('assay_recorder_flush_failures_total')).toBe(0)
  expect(after.get('assay_recorder_unwritten_results')).toBe(0)
  expect(after.get('assay_feed_lag_seconds_count')).toBeGreaterThan(0)
  expect(after.get('assay_graphql_operations_total{operation="Stop",type="mutation",outcome="ok"}')).toBe(1)
  expect(after.get('assay_graphql_operation_seconds_count{operation="Stop",type="mutation"}')).toBe(1)
  expect(after.get('assay_graphql_operations_total{operation="Follow",type="subscription",outcome="ok"}')).toBe(3)
  expect(after.get('assay_http_request_seconds_count{route="/import",status="200"}')).toBe(3)
  expect(after.get('process_resident_memory_bytes')).toBeGreaterThan(0)
})
