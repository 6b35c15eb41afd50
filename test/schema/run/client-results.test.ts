/** What clients record, as any program speaks the protocol: over GraphQL, against a real server. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { transaction } from '../../../src/db/client.ts'
import { ForbiddenError, InvalidInputError } from '../../../src/domain/errors.ts'
import { recordRunItems } from '../../../src/engine/execution/record-client-results.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { resumeRun } from '../../../src/engine/runs/reopen-run.ts'
import { followRun, seedDataset } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { ClientLab, done, type Item } from './client-lab.ts'

const lab = new ClientLab()

test('recording again changes nothing and says what became of the results', async () => {
  const { runId } = await lab.startClientRun(2)
  const { lane, items } = await lab.claim(runId)
  const results = items.map((item) => done(item, { scores: [{ name: 'good', value: 1 }] }))
  expect((await lab.record(runId, lane.lease, results.slice(0, 1))).outcomes).toEqual(['DONE'])
  expect((await lab.record(runId, lane.lease, results.slice(0, 1))).outcomes).toEqual(['DONE'])
  expect((await lab.record(runId, lane.lease, results)).outcomes).toEqual(['DONE', 'DONE'])
  expect((await lab.record(runId, lane.lease, results)).outcomes).toEqual(['DONE', 'DONE'])
  expect(await lab.progress(runId)).toMatchObject({
    progress: { succeeded: 2 },
    stats: { scores: [{ name: 'good', count: 2 }] },
  })
})

test('a failed attempt is repeated as often as the run allows, then it is final', async () => {
  const { runId } = await lab.startClientRun(1, { maxAttempts: 2 })
  const { lane, items } = await lab.claim(runId)
  const failure = { message: 'try again', retryable: true, code: 'overloaded', retryAfterMs: 100 }
  const failed = ({ runItemId, attempt }: Item) => ({ runItemId, attempt, latencyMs: 1, error: failure })
  expect((await lab.record(runId, lane.lease, items.map(failed))).outcomes).toEqual(['RETRY'])
  expect((await lab.record(runId, lane.lease, items.map(failed))).outcomes).toEqual(['RETRY'])
  await lab.server.db.pool.query(
    "UPDATE run_item SET available_at = now() - interval '1 s' WHERE available_at IS NOT NULL",
  )
  const again = await lab.claim(runId, { lease: lane.lease })
  expect(again.items).toMatchObject([{ attempt: 2 }])
  const final = again.items.map((item) => ({ ...failed(item), error: { message: 'no', retryable: false } }))
  expect((await lab.record(runId, lane.lease, final)).outcomes).toEqual(['DONE'])
  expect(await lab.progress(runId)).toMatchObject({ status: 'COMPLETED', progress: { failed: 1 } })
})

test('evaluators of the server score what clients record, once, with what the clients scored', async () => {
  const name = `same ${randomUUID()}`
  const { evaluator } = await lab.call<{ evaluator: { id: string } }>(
    'createEvaluator',
    { name, definition: { builtin: { jsonEquals: {} } }, datasetIds: null, active: false },
    'evaluator { id }',
  )
  const { runId, rawId } = await lab.startClientRun(40, {}, { evaluatorIds: [evaluator.id] })
  const { lane, items } = await lab.claim(runId, { limit: 250 })
  const results = items.map((item) =>
    done(item, { costUsd: 0.25, scores: [{ name: 'good', value: 1, dataType: 'BOOLEAN' }] }),
  )
  const { outcomes } = await lab.record(runId, lane.lease, results)
  expect(new Set(outcomes)).toEqual(new Set(['SCORING']))
  expect(await lab.progress(runId)).toMatchObject({
    status: 'RUNNING',
    progress: { queued: 40 },
    stats: { costUsd: 10 },
  })
  const worker = await lab.server.startWorker()
  const { items: finished } = await followRun(lab.server, rawId)
  await worker.stop()
  expect([...finished.values()].map(({ status, attempts, scores }) => [status, attempts, scores.length])).toEqual(
    Array.from({ length: 40 }, () => ['SUCCEEDED', 1, 2]),
  )
  expect(await lab.progress(runId)).toMatchObject({
    status: 'COMPLETED',
    progress: { succeeded: 40 },
    stats: {
      costUsd: 10,
      scores: [
        { name: 'good', count: 40, mean: 1 },
        { name, count: 40, mean: 1 / 40 },
      ],
    },
  })
  expect((await lab.record(runId, lane.lease, results.slice(0, 1))).outcomes).toEqual(['DONE'])
})

test('what was recorded is kept and scored when a cancelled run is resumed', async () => {
  const { evaluator } = await lab.call<{ evaluator: { id: string } }>(
    'createEvaluator',
    { name: randomUUID(), definition: { builtin: { jsonEquals: {} } }, datasetIds: null, active: false },
    'evaluator { id }',
  )
  const { runId, rawId } = await lab.startClientRun(6, {}, { evaluatorIds: [evaluator.id] })
  const { lane, items } = await lab.claim(runId, { limit: 4 })
  await lab.record(
    runId,
    lane.lease,
    items.map((item) => done(item)),
  )
  await cancelRun(lab.server.services, lab.server.scope, rawId)
  expect((await lab.claim(runId, { lease: lane.lease })).lane).toMatchObject({ lease: null, status: 'CANCELLED' })
  await resumeRun(lab.server.services, lab.server.scope, rawId)
  const rest = await lab.claim(runId, { limit: 10 })
  expect(rest.items).toHaveLength(2)
  await lab.record(
    runId,
    rest.lane.lease,
    rest.items.map((item) => done(item)),
  )
  const worker = await lab.server.startWorker()
  await followRun(lab.server, rawId)
  await worker.stop()
  expect(await lab.progress(runId)).toMatchObject({ status: 'COMPLETED', progress: { succeeded: 6 } })
})

test('what comes after the end of a run is lost, and its scores are none of the run', async () => {
  const { runId, rawId } = await lab.startClientRun(1)
  const { lane, items } = await lab.claim(runId)
  await cancelRun(lab.server.services, lab.server.scope, rawId)
  const late = items.map((item) => done(item, { scores: [{ name: 'late', value: 1 }] }))
  expect(await lab.record(runId, lane.lease, late)).toMatchObject({
    lane: { lease: null, status: 'CANCELLED' },
    outcomes: ['LOST'],
  })
  expect(await lab.progress(runId)).toMatchObject({ stats: { scores: [] } })
  expect(await lab.server.db.prisma.runEvaluator.count({ where: { runId: rawId } })).toBe(0)
})

test('results that come while their run is resumed are recorded with their scores', async () => {
  const { runId, rawId } = await lab.startClientRun(2)
  const { lane, items } = await lab.claim(runId)
  const { db, services, scope } = lab.server
  await cancelRun(services, scope, rawId)
  const late = items.map((item) => done(item, { scores: [{ name: 'late', value: 1 }] }))
  const waiting = async () => {
    const { rows } = await db.pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    return rows.length
  }
  const [recorded] = await transaction(db.pool, async (client) => {
    await client.query('SELECT FROM run WHERE id = $1 FOR UPDATE', [rawId])
    // Whoever asked first gets the lock first.
    const resumed = resumeRun(services, scope, rawId)
    await expect.poll(waiting).toBe(1)
    const record = lab.record(runId, lane.lease, late)
    await expect.poll(waiting).toBe(2)
    return [Promise.all([record, resumed])]
  })
  expect((await recorded)[0].outcomes).toEqual(['DONE', 'DONE'])
  expect(await lab.progress(runId)).toMatchObject({
    progress: { succeeded: 2 },
    stats: { scores: [{ name: 'late', count: 2 }] },
  })
})

test('who may not record leaves nothing behind: a key that only reads, a run that the server executes', async () => {
  const { db, services, scope } = lab.server
  const evaluators = () => db.prisma.evaluator.count({ where: { name: 'unwanted' } })
  const { runId, rawId } = await lab.startClientRun(1)
  const { lane } = await lab.claim(runId)
  const score = { name: 'unwanted', value: 1, dataType: 'NUMERIC' } as const
  const results = [{ ordinal: 0, attempt: 1, output: 0, latencyMs: 1, scores: [score] }]
  const given = { runId: rawId, lease: lane.lease ?? '', leaseMs: 60_000, results }
  await expect(recordRunItems(services, { ...scope, role: 'READ' }, given)).rejects.toThrow(ForbiddenError)
  const ofServer = await recordRun(lab.server, await seedDataset(lab.server, [1]), [{ item: 0 }])
  await db.pool.query(`UPDATE run SET status = 'RUNNING' WHERE id = $1`, [ofServer])
  await expect(recordRunItems(services, scope, { ...given, runId: ofServer })).rejects.toThrow(InvalidInputError)
  expect(await evaluators()).toBe(0)
  expect(await db.prisma.runEvaluator.count({ where: { runId: { in: [rawId, ofServer] } } })).toBe(0)
  expect((await recordRunItems(services, scope, given)).outcomes).toEqual(['DONE'])
})

test('the budget and the failure rate stop a run of clients', async () => {
  const costly = await lab.startClientRun(10, { budgetUsd: 1 })
  const one = await lab.claim(costly.runId)
  expect(one.items).toHaveLength(1)
  await lab.record(
    costly.runId,
    one.lane.lease,
    one.items.map((item) => done(item, { costUsd: 0.5 })),
  )
  const two = await lab.claim(costly.runId, { lease: one.lane.lease })
  expect(two.items).toHaveLength(1)
  const stopped = await lab.record(
    costly.runId,
    one.lane.lease,
    two.items.map((item) => done(item, { costUsd: 0.5 })),
  )
  expect(stopped.lane).toMatchObject({ lease: null, status: 'STOPPED' })
  expect(await lab.progress(costly.runId)).toMatchObject({
    stopReason: 'BUDGET',
    progress: { succeeded: 2, cancelled: 8 },
  })

  const failing = await lab.startClientRun(10, { maxFailureRate: 0.5 })
  const { lane, items } = await lab.claim(failing.runId, { limit: 10 })
  const results = items.map(({ runItemId, attempt }) => ({
    runItemId,
    attempt,
    latencyMs: 1,
    error: { message: 'no' },
  }))
  await lab.record(failing.runId, lane.lease, results.slice(0, 9))
  await lab.record(failing.runId, lane.lease, results.slice(9))
  expect(await lab.progress(failing.runId)).toMatchObject({ progress: { failed: 10 } })
})

test('scores of clients have evaluators with versions, and errors are scores', async () => {
  const { runId } = await lab.startClientRun(4)
  const { lane, items } = await lab.claim(runId)
  const score = (more: object) => [{ name: 'tone', label: 'warm', version: 'a', comment: 'why', ...more }]
  await lab.record(runId, lane.lease, [
    done(items[0] as Item, { scores: score({}) }),
    done(items[1] as Item, { scores: score({ label: 'cold' }) }),
    done(items[2] as Item, { scores: score({ label: undefined, error: 'it broke', dataType: 'CATEGORICAL' }) }),
    done(items[3] as Item, { scores: score({ version: 'b' }) }),
  ])
  expect(await lab.progress(runId)).toMatchObject({
    stats: { scores: [{ name: 'tone', count: 3, errorCount: 1, dataType: 'CATEGORICAL' }] },
    evaluators: [
      { version: 1, definition: { name: 'tone', version: 'a' } },
      { version: 2, definition: { name: 'tone', version: 'b' } },
    ],
  })
})

test('bad results are refused as a whole, with the place', async () => {
  const { runId } = await lab.startClientRun(3)
  const other = await lab.claim((await lab.startClientRun(1)).runId)
  const { lane, items } = await lab.claim(runId)
  const [first, second] = items as [Item, Item]
  const refused = async (result: object, path: string) => {
    const results = [done(first), result]
    await expect(lab.record(runId, lane.lease, results)).rejects.toThrow(`"path":["input","results","1",${path}]`)
  }
  await refused(done(first), '"runItemId"')
  await refused(done(other.items[0] as Item), '"runItemId"')
  await refused(done(second, { latencyMs: -1 }), '"latencyMs"')
  await refused(done(second, { traceId: 'x' }), '"traceId"')
  await refused(done(second, { scores: [{ name: 'a' }] }), '"scores","0","value"')
  await refused(
    done(second, {
      scores: [
        { name: 'a', value: 1 },
        { name: 'a', value: 1 },
      ],
    }),
    '"scores","1","name"',
  )
  await refused(done(second, { error: { message: 'no' } }), '"error"')
  expect(await lab.progress(runId)).toMatchObject({ progress: { running: 3, succeeded: 0 } })
  await expect(lab.claim(runId, { limit: 0 })).rejects.toThrow('from 1 to 1000')
  await expect(lab.claim(runId, { leaseMs: 1 })).rejects.toThrow('leaseMs')
})

test('a run of clients waits for workers only with what is recorded and not scored', async () => {
  const { evaluator } = await lab.call<{ evaluator: { id: string } }>(
    'createEvaluator',
    { name: `same ${randomUUID()}`, definition: { builtin: { jsonEquals: {} } }, datasetIds: null, active: false },
    'evaluator { id }',
  )
  await lab.server.db.prisma.worker.deleteMany()
  const { runId, rawId } = await lab.startClientRun(2, {}, { evaluatorIds: [evaluator.id] })
  const reason = async () =>
    (await lab.server.query('query($id: ID!) { run(id: $id) { waitingReason } }', { id: runId })).data.run.waitingReason
  expect(await reason()).toBeNull()
  const { lane, items } = await lab.claim(runId)
  expect(await reason()).toBeNull()
  const [first, second] = items.map((item) => done(item))
  await lab.record(runId, lane.lease, [first as object])
  expect(await reason()).toMatch(/^It waits for a worker, and no worker is running/)
  await lab.record(runId, lane.lease, [second as object])
  const worker = await lab.server.startWorker()
  await followRun(lab.server, rawId)
  await worker.stop()
  expect(await reason()).toBeNull()
})

test('a latency may be unknown, which is not 0, unless evaluators of the server are to be told', async () => {
  const { runId } = await lab.startClientRun(2)
  const { lane, items } = await lab.claim(runId)
  const results = items.map((item) => done(item, { latencyMs: null }))
  expect((await lab.record(runId, lane.lease, results)).lane.status).toBe('COMPLETED')
  const query = 'query($id: ID!) { run(id: $id) { stats { latencyMs { p50 } } items { nodes { latencyMs } } } }'
  const { data } = await lab.server.query(query, { id: runId })
  expect(data.run).toEqual({ stats: { latencyMs: null }, items: { nodes: [{ latencyMs: null }, { latencyMs: null }] } })

  const { evaluator } = await lab.call<{ evaluator: { id: string } }>(
    'createEvaluator',
    { name: randomUUID(), definition: { builtin: { jsonEquals: {} } }, datasetIds: null, active: false },
    'evaluator { id }',
  )
  const scored = await lab.startClientRun(1, {}, { evaluatorIds: [evaluator.id] })
  const claimed = await lab.claim(scored.runId)
  const unknown = claimed.items.map((item) => done(item, { latencyMs: null }))
  await expect(lab.record(scored.runId, claimed.lane.lease, unknown)).rejects.toThrow('Expected a latency')
})
