/** Claims and leases of docs/client-protocol.md, as any program speaks it: over GraphQL, against a real server. */
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { Reconciler } from '../../../src/engine/execution/reconciler.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { ClientLab, done, type Lane } from './client-lab.ts'

const lab = new ClientLab()

test('a client claims items, records their results and completes the run', async () => {
  const { runId } = await lab.startClientRun(5)
  const first = await lab.claim(runId, { limit: 3 })
  expect(first.items).toHaveLength(3)
  expect(first).toMatchObject({ lane: { concurrency: 10, status: 'RUNNING' }, queued: 2, retryAfterMs: null })
  expect(first.items[0]).toMatchObject({ attempt: 1, repetition: 0, key: null, tags: [] })
  const recorded = await lab.record(
    runId,
    first.lane.lease,
    first.items.map((item) => done(item, { costUsd: 0.5, inputTokens: 7 })),
  )
  expect(recorded).toMatchObject({ outcomes: ['DONE', 'DONE', 'DONE'], lane: { lease: first.lane.lease } })
  const rest = await lab.claim(runId, { lease: first.lane.lease })
  expect(rest.lane.lease).toBe(first.lane.lease)
  const last = await lab.record(
    runId,
    first.lane.lease,
    rest.items.map((item) => done(item)),
  )
  expect(last.lane).toMatchObject({ lease: null, status: 'COMPLETED' })
  expect(await lab.progress(runId)).toMatchObject({
    status: 'COMPLETED',
    progress: { succeeded: 5, queued: 0, running: 0 },
    stats: { costUsd: 1.5, inputTokens: 21 },
  })
  expect(await lab.claim(runId)).toMatchObject({
    items: [],
    retryAfterMs: null,
    lane: { lease: null, status: 'COMPLETED' },
  })
})

test('clients share the concurrency of a run, and no item is claimed twice', async () => {
  const { runId } = await lab.startClientRun(30, { concurrency: 5 })
  const one = await lab.claim(runId, { limit: 10 })
  const two = await lab.claim(runId, { limit: 10 })
  expect([one.lane.concurrency, two.lane.concurrency]).toEqual([5, 2])
  const again = await lab.claim(runId, { limit: 10, lease: one.lane.lease })
  expect(again.lane.concurrency).toBe(3)
  const ids = [one, two, again].flatMap(({ items }) => items.map(({ runItemId }) => runItemId))
  expect(new Set(ids).size).toBe(30)
})

test('the items of a client that is gone go to another, and its late results are dropped', async () => {
  const { runId } = await lab.startClientRun(3)
  const lost = await lab.claim(runId)
  await lab.expire(lost.lane.lease)
  const other = await lab.claim(runId)
  expect(other.items.map(({ attempt }) => attempt)).toEqual([2, 2, 2])
  expect(
    (
      await lab.record(
        runId,
        lost.lane.lease,
        lost.items.map((item) => done(item)),
      )
    ).outcomes,
  ).toEqual(['LOST', 'LOST', 'LOST'])
  expect(
    (
      await lab.record(
        runId,
        other.lane.lease,
        other.items.map((item) => done(item)),
      )
    ).lane.status,
  ).toBe('COMPLETED')
})

test('late results count as long as nobody else has got the items', async () => {
  const { runId } = await lab.startClientRun(3)
  const { lane, items } = await lab.claim(runId)
  await lab.expire(lane.lease)
  await new Reconciler(lab.server.services).check()
  expect(await lab.progress(runId)).toMatchObject({ progress: { queued: 3, running: 0 } })
  const { outcomes, lane: next } = await lab.record(
    runId,
    lane.lease,
    items.slice(0, 2).map((item) => done(item)),
  )
  expect(outcomes).toEqual(['DONE', 'DONE'])
  expect(next.lease).not.toBe(lane.lease)
  const rest = await lab.claim(runId, { lease: next.lease })
  expect(rest.items).toHaveLength(1)
  expect(
    (
      await lab.record(
        runId,
        next.lease,
        rest.items.map((item) => done(item)),
      )
    ).lane.status,
  ).toBe('COMPLETED')
  expect(await lab.progress(runId)).toMatchObject({
    status: 'COMPLETED',
    progress: { succeeded: 3, queued: 0, running: 0 },
  })
})

test('a renewed lease keeps its items, and a released one gives them back at once', async () => {
  const { runId } = await lab.startClientRun(2)
  const { lane } = await lab.claim(runId)
  const renewed = await lab.call<{ lane: Lane }>('renewRunLease', { runId, lease: lane.lease })
  expect(renewed.lane).toEqual({ lease: lane.lease, concurrency: 10, status: 'RUNNING' })
  await lab.call('releaseRunLease', { runId, lease: lane.lease })
  expect(await lab.call('renewRunLease', { runId, lease: lane.lease })).toMatchObject({ lane: { lease: null } })
  const next = await lab.claim(runId)
  expect(next.items.map(({ attempt }) => attempt)).toEqual([2, 2])
})

test('what a client does not hold after a lost answer goes back to the queue', async () => {
  const { runId } = await lab.startClientRun(4)
  const first = await lab.claim(runId, { limit: 1 })
  await lab.claim(runId, { limit: 2, lease: first.lane.lease })
  const holdingIds = first.items.map(({ runItemId }) => runItemId)
  const again = await lab.claim(runId, { limit: 10, lease: first.lane.lease, holdingIds })
  expect(again.items.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
})

test('a run that nobody executes is not taken for stuck', async () => {
  const { runId, rawId } = await lab.startClientRun(3)
  await lab.server.db.pool.query("UPDATE run SET created_at = now() - interval '1 day' WHERE id = $1", [rawId])
  const reconciler = new Reconciler(lab.server.services)
  expect(await reconciler.check()).toEqual([])
  await lab.claim(runId, { limit: 1 })
  expect(await reconciler.check()).toEqual([])
  const { rows } = await lab.server.db.pool.query("SELECT FROM pgboss.job WHERE data ->> 'runId' = $1", [rawId])
  expect(rows).toEqual([])
})

test('clients that join a run by name share it, and one that would execute something else is refused', async () => {
  const { experimentId } = await lab.startClientRun(3)
  const join = (more: object = {}) =>
    lab.call<{ run: { id: string } }>(
      'startRun',
      { experimentId, name: 'nightly', join: true, taskVersion: 'v2', ...more },
      'run { id }',
    )
  const [one, two] = await Promise.all([join(), join()])
  expect(one.run.id).toBe(two.run.id)
  await expect(join({ taskVersion: 'v3' })).rejects.toThrow(
    /unfinished and executes something else: the task was .*v2.* and is .*v3/,
  )
  await expect(join({ overrides: { repetitions: 2 } })).rejects.toThrow(/the repetitions was 1 and is 2/)
  const { lane, items } = await lab.claim(one.run.id)
  await lab.record(
    one.run.id,
    lane.lease,
    items.map((item) => done(item)),
  )
  expect((await join({ taskVersion: 'v3' })).run.id).not.toBe(one.run.id)
})

test('a run of another task has no clients, and only such a run has a task version', async () => {
  const datasetId = await seedDataset(lab.server, [1])
  const { experiment } = await lab.call<{ experiment: { id: string } }>(
    'createExperiment',
    {
      name: randomUUID(),
      datasetId: encodeGlobalId('Dataset', datasetId),
      task: { http: { url: 'http://localhost' } },
    },
    'experiment { id }',
  )
  const start = (more: object) =>
    lab.call<{ run: { id: string } }>('startRun', { experimentId: experiment.id, ...more }, 'run { id }')
  await expect(start({ taskVersion: 'v1' })).rejects.toThrow('taskVersion only with a task that clients execute')
  await expect(start({ join: true, name: 'x' })).rejects.toThrow('join only with a task that clients execute')
  const { run } = await start({})
  await expect(lab.claim(run.id)).rejects.toThrow('Expected a run of a task that clients execute')
  expect(
    await createEvaluator(lab.server.services, lab.server.scope, {
      name: randomUUID(),
      definition: { kind: 'client' },
    }).catch(String),
  ).toMatch(/expected one of builtin, module/)
})

describe('a limit of the function', () => {
  const limited = (name: string, limits: object) =>
    lab.call('setEndpointLimit', { endpoint: `client:${name}`, ...limits }, 'endpointLimit { endpoint }')
  const startRun = (items: number, name: string) => lab.startClientRun(items, {}, { task: { client: { name } } })

  test('of calls at once holds over all runs and clients, which share it', async () => {
    await limited('few', { concurrency: 4 })
    const [one, other] = [await startRun(20, 'few'), await startRun(20, 'few')]
    const first = await lab.claim(one.runId, { limit: 3 })
    expect(first.items).toHaveLength(3)
    expect(first.lane.concurrency).toBe(4)
    const second = await lab.claim(other.runId)
    expect(second.items).toHaveLength(1)
    expect(second.lane.concurrency).toBe(2)
    const none = await lab.claim(one.runId, { lease: first.lane.lease })
    expect(none).toMatchObject({ items: [], queued: 17, retryAfterMs: 200 })
    const results = first.items.slice(0, 2).map((item) => done(item))
    await lab.record(one.runId, first.lane.lease, results)
    const claims = await Promise.all([
      lab.claim(one.runId, { lease: first.lane.lease }),
      lab.claim(other.runId, { lease: second.lane.lease }),
    ])
    expect(claims.flatMap(({ items }) => items)).toHaveLength(2)
  })

  test('of requests per minute spaces out what is claimed, whoever claims it', async () => {
    await limited('slow', { requestsPerMinute: 600 })
    const [one, other] = [await startRun(20, 'slow'), await startRun(20, 'slow')]
    const begunAt = performance.now()
    const first = await lab.claim(one.runId, { limit: 4 })
    expect(first.items.map(({ startAfterMs }) => startAfterMs)).toEqual([0, 102, 203, 305])
    const second = await lab.claim(other.runId)
    const starts = second.items.map(({ startAfterMs }) => startAfterMs as number)
    expect(performance.now() - begunAt + (starts[0] ?? 0)).toBeGreaterThan(400)
    // As many as start within a second.
    const spread = (starts.at(-1) ?? 0) - (starts[0] ?? 0)
    expect(spread).toBeGreaterThan(1_000 - 2 * 102)
    expect(spread).toBeLessThanOrEqual(1_000)
    expect(spread).toBeCloseTo((starts.length - 1) * 101.7, -1)
  })

  test('of requests per minute leaves nothing to claim while the next start is far away', async () => {
    await limited('rare', { requestsPerMinute: 4 })
    const [one, other] = [await startRun(20, 'rare'), await startRun(20, 'rare')]
    const first = await lab.claim(one.runId)
    expect(first.items).toMatchObject([{ startAfterMs: 0 }])
    const none = await lab.claim(other.runId)
    expect(none.items).toEqual([])
    expect(none.retryAfterMs).toBeGreaterThan(0)
  })

  test('of tokens per minute delays what comes after results that have used them', async () => {
    await limited('wordy', { tokensPerMinute: 1_000 })
    const { runId } = await startRun(20, 'wordy')
    const { lane, items } = await lab.claim(runId, { limit: 1 })
    const results = items.map((item) => done(item, { inputTokens: 900, outputTokens: 100 }))
    await lab.record(runId, lane.lease, results)
    expect(await lab.claim(runId, { lease: lane.lease })).toMatchObject({ items: [], retryAfterMs: 1_000 })
    const { rows } = await lab.server.db.pool.query(
      `SELECT round(extract(epoch FROM tokens_at - now()))::int AS seconds FROM endpoint_pace WHERE endpoint = 'client:wordy'`,
    )
    expect(rows[0].seconds).toBeGreaterThan(30)
  })
})
