/** The protocol of docs/client-protocol.md, as any program speaks it: over GraphQL, against a real server. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeGlobalId, encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { Reconciler } from '../../../src/engine/execution/reconciler.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { resumeRun } from '../../../src/engine/runs/reopen-run.ts'
import { followRun, seedDataset } from '../../helpers/engine.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

interface Item {
  runItemId: string
  datasetItemId: string
  input: number
  attempt: number
  repetition: number
}

interface Lane {
  lease: string | null
  concurrency: number
  status: string
}

/** The payload of a mutation; an error is thrown. */
async function call<Payload>(name: string, input: object, fields: string): Promise<Payload> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  const document = `mutation($input: ${type}Input!) { ${name}(input: $input) {
    ... on ${type}Payload { ${fields} } ... on UserError { message code path } } }`
  const { data, errors } = await t.query(document, { input })
  if (errors || data[name].message) throw new Error(JSON.stringify(errors ?? data[name]))
  return data[name]
}

const lane = 'lane { lease concurrency status }'

function claim(runId: string, input: object = {}) {
  const fields = `${lane} items { runItemId datasetItemId key input expectedOutput metadata tags repetition attempt } queued retryAfterMs`
  return call<{ lane: Lane; items: Item[]; queued: number; retryAfterMs: number | null }>(
    'claimRunItems',
    { runId, ...input },
    fields,
  )
}

function record(runId: string, lease: string | null, results: object[]) {
  return call<{ lane: Lane; outcomes: string[] }>('recordRunItems', { runId, lease, results }, `${lane} outcomes`)
}

function done({ runItemId, attempt, input }: Item, more: object = {}) {
  return { runItemId, attempt, output: input * 2, latencyMs: 5, ...more }
}

async function startClientRun(items: number, settings: object = {}, more: object = {}) {
  const datasetId = encodeGlobalId(
    'Dataset',
    await seedDataset(
      t,
      Array.from({ length: items }, (_, n) => n),
    ),
  )
  const { experiment } = await call<{ experiment: { id: string } }>(
    'createExperiment',
    {
      name: randomUUID(),
      datasetId,
      task: { client: { name: 'double', version: 'v1' } },
      settings,
      evaluatorIds: [],
      ...more,
    },
    'experiment { id }',
  )
  const { run } = await call<{ run: { id: string } }>('startRun', { experimentId: experiment.id }, 'run { id }')
  return { runId: run.id, experimentId: experiment.id, rawId: decodeGlobalId(run.id).id }
}

async function progress(id: string) {
  const { data } = await t.query(
    `query($id: ID!) { run(id: $id) { status stopReason progress { queued running succeeded failed cancelled }
      stats { costUsd inputTokens scores { name count errorCount mean dataType } } evaluators { version definition { ... on ClientEvaluator { name version } } } } }`,
    { id },
  )
  return data.run
}

/** As after `leaseMs` without a word from the client. */
async function expire(lease: string | null): Promise<void> {
  await t.db.pool.query("UPDATE run_lane SET expires_at = now() - interval '1 s' WHERE lease = $1", [lease])
}

test('a client claims items, records their results and completes the run', async () => {
  const { runId } = await startClientRun(5)
  const first = await claim(runId, { limit: 3 })
  expect(first.items).toHaveLength(3)
  expect(first).toMatchObject({ lane: { concurrency: 10, status: 'RUNNING' }, queued: 2, retryAfterMs: null })
  expect(first.items[0]).toMatchObject({ attempt: 1, repetition: 0, key: null, tags: [] })
  const recorded = await record(
    runId,
    first.lane.lease,
    first.items.map((item) => done(item, { costUsd: 0.5, inputTokens: 7 })),
  )
  expect(recorded).toMatchObject({ outcomes: ['DONE', 'DONE', 'DONE'], lane: { lease: first.lane.lease } })
  const rest = await claim(runId, { lease: first.lane.lease })
  expect(rest.lane.lease).toBe(first.lane.lease)
  const last = await record(
    runId,
    first.lane.lease,
    rest.items.map((item) => done(item)),
  )
  expect(last.lane).toMatchObject({ lease: null, status: 'COMPLETED' })
  expect(await progress(runId)).toMatchObject({
    status: 'COMPLETED',
    progress: { succeeded: 5, queued: 0, running: 0 },
    stats: { costUsd: 1.5, inputTokens: 21 },
  })
  expect(await claim(runId)).toMatchObject({
    items: [],
    retryAfterMs: null,
    lane: { lease: null, status: 'COMPLETED' },
  })
})

test('recording again changes nothing and says what became of the results', async () => {
  const { runId } = await startClientRun(2)
  const { lane, items } = await claim(runId)
  const results = items.map((item) => done(item, { scores: [{ name: 'good', value: 1 }] }))
  expect((await record(runId, lane.lease, results.slice(0, 1))).outcomes).toEqual(['DONE'])
  expect((await record(runId, lane.lease, results.slice(0, 1))).outcomes).toEqual(['DONE'])
  expect((await record(runId, lane.lease, results)).outcomes).toEqual(['DONE', 'DONE'])
  expect((await record(runId, lane.lease, results)).outcomes).toEqual(['DONE', 'DONE'])
  expect(await progress(runId)).toMatchObject({
    progress: { succeeded: 2 },
    stats: { scores: [{ name: 'good', count: 2 }] },
  })
})

test('clients share the concurrency of a run, and no item is claimed twice', async () => {
  const { runId } = await startClientRun(30, { concurrency: 5 })
  const one = await claim(runId, { limit: 10 })
  const two = await claim(runId, { limit: 10 })
  expect([one.lane.concurrency, two.lane.concurrency]).toEqual([5, 2])
  const again = await claim(runId, { limit: 10, lease: one.lane.lease })
  expect(again.lane.concurrency).toBe(3)
  const ids = [one, two, again].flatMap(({ items }) => items.map(({ runItemId }) => runItemId))
  expect(new Set(ids).size).toBe(30)
})

test('the items of a client that is gone go to another, and its late results are dropped', async () => {
  const { runId } = await startClientRun(3)
  const lost = await claim(runId)
  await expire(lost.lane.lease)
  const other = await claim(runId)
  expect(other.items.map(({ attempt }) => attempt)).toEqual([2, 2, 2])
  expect(
    (
      await record(
        runId,
        lost.lane.lease,
        lost.items.map((item) => done(item)),
      )
    ).outcomes,
  ).toEqual(['LOST', 'LOST', 'LOST'])
  expect(
    (
      await record(
        runId,
        other.lane.lease,
        other.items.map((item) => done(item)),
      )
    ).lane.status,
  ).toBe('COMPLETED')
})

test('late results count as long as nobody else has got the items', async () => {
  const { runId } = await startClientRun(3)
  const { lane, items } = await claim(runId)
  await expire(lane.lease)
  await new Reconciler(t.services).check()
  expect(await progress(runId)).toMatchObject({ progress: { queued: 3, running: 0 } })
  const { outcomes, lane: next } = await record(
    runId,
    lane.lease,
    items.slice(0, 2).map((item) => done(item)),
  )
  expect(outcomes).toEqual(['DONE', 'DONE'])
  expect(next.lease).not.toBe(lane.lease)
  const rest = await claim(runId, { lease: next.lease })
  expect(rest.items).toHaveLength(1)
  expect(
    (
      await record(
        runId,
        next.lease,
        rest.items.map((item) => done(item)),
      )
    ).lane.status,
  ).toBe('COMPLETED')
  expect(await progress(runId)).toMatchObject({
    status: 'COMPLETED',
    progress: { succeeded: 3, queued: 0, running: 0 },
  })
})

test('a renewed lease keeps its items, and a released one gives them back at once', async () => {
  const { runId } = await startClientRun(2)
  const { lane } = await claim(runId)
  const renewed = await call<{ lane: Lane }>('renewRunLease', { runId, lease: lane.lease }, lane_())
  expect(renewed.lane).toEqual({ lease: lane.lease, concurrency: 10, status: 'RUNNING' })
  await call('releaseRunLease', { runId, lease: lane.lease }, lane_())
  expect(await call('renewRunLease', { runId, lease: lane.lease }, lane_())).toMatchObject({ lane: { lease: null } })
  const next = await claim(runId)
  expect(next.items.map(({ attempt }) => attempt)).toEqual([2, 2])
})
const lane_ = () => lane

test('what a client does not hold after a lost answer goes back to the queue', async () => {
  const { runId } = await startClientRun(4)
  const first = await claim(runId, { limit: 1 })
  await claim(runId, { limit: 2, lease: first.lane.lease })
  const holdingIds = first.items.map(({ runItemId }) => runItemId)
  const again = await claim(runId, { limit: 10, lease: first.lane.lease, holdingIds })
  expect(again.items.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
})

test('a failed attempt is repeated as often as the run allows, then it is final', async () => {
  const { runId } = await startClientRun(1, { maxAttempts: 2 })
  const { lane, items } = await claim(runId)
  const failure = { message: 'try again', retryable: true, code: 'overloaded', retryAfterMs: 100 }
  const failed = ({ runItemId, attempt }: Item) => ({ runItemId, attempt, latencyMs: 1, error: failure })
  expect((await record(runId, lane.lease, items.map(failed))).outcomes).toEqual(['RETRY'])
  expect((await record(runId, lane.lease, items.map(failed))).outcomes).toEqual(['RETRY'])
  await t.db.pool.query('UPDATE run_item SET available_at = now() WHERE available_at IS NOT NULL')
  const again = await claim(runId, { lease: lane.lease })
  expect(again.items).toMatchObject([{ attempt: 2 }])
  const final = again.items.map((item) => ({ ...failed(item), error: { message: 'no', retryable: false } }))
  expect((await record(runId, lane.lease, final)).outcomes).toEqual(['DONE'])
  expect(await progress(runId)).toMatchObject({ status: 'COMPLETED', progress: { failed: 1 } })
})

test('evaluators of the server score what clients record, once, with what the clients scored', async () => {
  const name = `same ${randomUUID()}`
  const { evaluator } = await call<{ evaluator: { id: string } }>(
    'createEvaluator',
    { name, definition: { builtin: { jsonEquals: {} } }, active: false },
    'evaluator { id }',
  )
  const { runId, rawId } = await startClientRun(40, {}, { evaluatorIds: [evaluator.id] })
  const { lane, items } = await claim(runId, { limit: 250 })
  const results = items.map((item) =>
    done(item, { costUsd: 0.25, scores: [{ name: 'good', value: 1, dataType: 'BOOLEAN' }] }),
  )
  const { outcomes } = await record(runId, lane.lease, results)
  expect(new Set(outcomes)).toEqual(new Set(['SCORING']))
  expect(await progress(runId)).toMatchObject({ status: 'RUNNING', progress: { queued: 40 }, stats: { costUsd: 10 } })
  const worker = await t.startWorker()
  const { items: finished } = await followRun(t, rawId)
  await worker.stop()
  expect([...finished.values()].map(({ status, attempts, scores }) => [status, attempts, scores.length])).toEqual(
    Array.from({ length: 40 }, () => ['SUCCEEDED', 1, 2]),
  )
  expect(await progress(runId)).toMatchObject({
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
  expect((await record(runId, lane.lease, results.slice(0, 1))).outcomes).toEqual(['DONE'])
})

test('what was recorded is kept and scored when a cancelled run is resumed', async () => {
  const { evaluator } = await call<{ evaluator: { id: string } }>(
    'createEvaluator',
    { name: randomUUID(), definition: { builtin: { jsonEquals: {} } }, active: false },
    'evaluator { id }',
  )
  const { runId, rawId } = await startClientRun(6, {}, { evaluatorIds: [evaluator.id] })
  const { lane, items } = await claim(runId, { limit: 4 })
  await record(
    runId,
    lane.lease,
    items.map((item) => done(item)),
  )
  await cancelRun(t.services, t.scope, rawId)
  expect((await claim(runId, { lease: lane.lease })).lane).toMatchObject({ lease: null, status: 'CANCELLED' })
  await resumeRun(t.services, t.scope, rawId)
  const rest = await claim(runId, { limit: 10 })
  expect(rest.items).toHaveLength(2)
  await record(
    runId,
    rest.lane.lease,
    rest.items.map((item) => done(item)),
  )
  const worker = await t.startWorker()
  await followRun(t, rawId)
  await worker.stop()
  expect(await progress(runId)).toMatchObject({ status: 'COMPLETED', progress: { succeeded: 6 } })
})

test('a run that nobody executes is not taken for stuck', async () => {
  const { runId, rawId } = await startClientRun(3)
  await t.db.pool.query("UPDATE run SET created_at = now() - interval '1 day' WHERE id = $1", [rawId])
  const reconciler = new Reconciler(t.services)
  expect(await reconciler.check()).toEqual([])
  await claim(runId, { limit: 1 })
  expect(await reconciler.check()).toEqual([])
  const { rows } = await t.db.pool.query("SELECT FROM pgboss.job WHERE data ->> 'runId' = $1", [rawId])
  expect(rows).toEqual([])
})

test('the budget and the failure rate stop a run of clients', async () => {
  const costly = await startClientRun(10, { budgetUsd: 1 })
  const one = await claim(costly.runId)
  expect(one.items).toHaveLength(1)
  await record(
    costly.runId,
    one.lane.lease,
    one.items.map((item) => done(item, { costUsd: 0.5 })),
  )
  const two = await claim(costly.runId, { lease: one.lane.lease })
  expect(two.items).toHaveLength(1)
  const stopped = await record(
    costly.runId,
    one.lane.lease,
    two.items.map((item) => done(item, { costUsd: 0.5 })),
  )
  expect(stopped.lane).toMatchObject({ lease: null, status: 'STOPPED' })
  expect(await progress(costly.runId)).toMatchObject({ stopReason: 'BUDGET', progress: { succeeded: 2, cancelled: 8 } })

  const failing = await startClientRun(10, { maxFailureRate: 0.5 })
  const { lane, items } = await claim(failing.runId, { limit: 10 })
  const results = items.map(({ runItemId, attempt }) => ({
    runItemId,
    attempt,
    latencyMs: 1,
    error: { message: 'no' },
  }))
  await record(failing.runId, lane.lease, results.slice(0, 9))
  await record(failing.runId, lane.lease, results.slice(9))
  expect(await progress(failing.runId)).toMatchObject({ progress: { failed: 10 } })
})

test('scores of clients have evaluators with versions, and errors are scores', async () => {
  const { runId } = await startClientRun(4)
  const { lane, items } = await claim(runId)
  const score = (more: object) => [{ name: 'tone', label: 'warm', version: 'a', comment: 'why', ...more }]
  await record(runId, lane.lease, [
    done(items[0] as Item, { scores: score({}) }),
    done(items[1] as Item, { scores: score({ label: 'cold' }) }),
    done(items[2] as Item, { scores: score({ label: undefined, error: 'it broke', dataType: 'CATEGORICAL' }) }),
    done(items[3] as Item, { scores: score({ version: 'b' }) }),
  ])
  expect(await progress(runId)).toMatchObject({
    stats: { scores: [{ name: 'tone', count: 3, errorCount: 1, dataType: 'CATEGORICAL' }] },
    evaluators: [
      { version: 1, definition: { name: 'tone', version: 'a' } },
      { version: 2, definition: { name: 'tone', version: 'b' } },
    ],
  })
})

test('clients that join a run by name share it, and one that would execute something else is refused', async () => {
  const { experimentId } = await startClientRun(3)
  const join = (more: object = {}) =>
    call<{ run: { id: string } }>(
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
  const { lane, items } = await claim(one.run.id)
  await record(
    one.run.id,
    lane.lease,
    items.map((item) => done(item)),
  )
  expect((await join({ taskVersion: 'v3' })).run.id).not.toBe(one.run.id)
})

test('bad results are refused as a whole, with the place', async () => {
  const { runId } = await startClientRun(3)
  const other = await claim((await startClientRun(1)).runId)
  const { lane, items } = await claim(runId)
  const [first, second] = items as [Item, Item]
  const refused = async (result: object, path: string) => {
    const results = [done(first), result]
    await expect(record(runId, lane.lease, results)).rejects.toThrow(`"path":["input","results","1",${path}]`)
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
  expect(await progress(runId)).toMatchObject({ progress: { running: 3, succeeded: 0 } })
  await expect(claim(runId, { limit: 0 })).rejects.toThrow('from 1 to 1000')
  await expect(claim(runId, { leaseMs: 1 })).rejects.toThrow('leaseMs')
})

test('a run of another task has no clients, and only such a run has a task version', async () => {
  const datasetId = await seedDataset(t, [1])
  const { experiment } = await call<{ experiment: { id: string } }>(
    'createExperiment',
    {
      name: randomUUID(),
      datasetId: encodeGlobalId('Dataset', datasetId),
      task: { http: { url: 'http://localhost' } },
    },
    'experiment { id }',
  )
  const start = (more: object) =>
    call<{ run: { id: string } }>('startRun', { experimentId: experiment.id, ...more }, 'run { id }')
  await expect(start({ taskVersion: 'v1' })).rejects.toThrow('taskVersion only with a task that clients execute')
  await expect(start({ join: true, name: 'x' })).rejects.toThrow('join only with a task that clients execute')
  const { run } = await start({})
  await expect(claim(run.id)).rejects.toThrow('Expected a run of a task that clients execute')
  expect(
    await createEvaluator(t.services, t.scope, { name: randomUUID(), definition: { kind: 'client' } }).catch(String),
  ).toMatch(/expected one of builtin, module/)
})

test('a run of clients waits for workers only with what is recorded and not scored', async () => {
  const { evaluator } = await call<{ evaluator: { id: string } }>(
    'createEvaluator',
    { name: `same ${randomUUID()}`, definition: { builtin: { jsonEquals: {} } }, active: false },
    'evaluator { id }',
  )
  await t.db.prisma.worker.deleteMany()
  const { runId, rawId } = await startClientRun(2, {}, { evaluatorIds: [evaluator.id] })
  const reason = async () =>
    (await t.query('query($id: ID!) { run(id: $id) { waitingReason } }', { id: runId })).data.run.waitingReason
  expect(await reason()).toBeNull()
  const { lane, items } = await claim(runId)
  expect(await reason()).toBeNull()
  const [first, second] = items.map((item) => done(item))
  await record(runId, lane.lease, [first as object])
  expect(await reason()).toMatch(/^It waits for a worker, and no worker is running/)
  await record(runId, lane.lease, [second as object])
  const worker = await t.startWorker()
  await followRun(t, rawId)
  await worker.stop()
  expect(await reason()).toBeNull()
})
