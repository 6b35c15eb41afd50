/** Which attempt a status, an output and an error are of, and what a task threw. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { TaskError } from '../../../src/domain/execution/task.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
/** What the task does at each attempt, and the attempts it was called for. */
let script: ((attempt: number) => unknown)[]
const called: number[] = []

const fail =
  (code: string, options = {}) =>
  () => {
    throw new TaskError(code, 'no', { retryable: true, ...options })
  }

beforeAll(async () => {
  t = await startTestServer({
    tasks: [
      {
        name: 'scripted',
        run: (_input, { attempt }) => {
          called.push(attempt)
          return script[attempt - 1]?.(attempt)
        },
      },
    ],
    evaluators: [
      {
        name: 'broken',
        evaluate: () => {
          throw new Error('no')
        },
      },
    ],
  })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

async function start(maxAttempts: number, ...steps: typeof script): Promise<string> {
  script = steps
  called.length = 0
  const datasetId = await seedDataset(t, [1])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'scripted' }, { maxAttempts })
  const evaluators = await t.db.prisma.evaluator.findMany({ where: { name: 'broken' } })
  await t.db.prisma.experimentEvaluator.createMany({
    data: evaluators.map(({ id: evaluatorId }) => ({ experimentId, evaluatorId })),
  })
  return encodeGlobalId('Run', (await startRun(t.services, t.scope, { experimentId })).id)
}

async function itemOf(runId: string) {
  const query = `query ($id: ID!) { node(id: $id) { ... on Run { items(first: 1) { nodes {
    status attempt attempts output error { code taskCode attempt } scores { error { code taskCode attempt } }
  } } } } }`
  const { data, errors } = await t.query(query, { id: runId })
  expect(errors).toBeUndefined()
  return data.node.items.nodes[0]
}

test('a call that is told to wait is an attempt, and does not count towards those that an item has', async () => {
  const wait = fail('RATE_LIMITED', { retryAfterMs: 1 })
  const run = await start(2, wait, fail('TIMEOUT'), wait, () => 'done')
  await expect.poll(() => itemOf(run)).toMatchObject({ status: 'SUCCEEDED' })
  expect(await itemOf(run)).toMatchObject({ attempt: 4, attempts: 4, output: 'done', error: null })
  expect(called).toEqual([1, 2, 3, 4])
})

test('an item that waits shows the attempt that failed, and one that runs also the error of the attempt before', async () => {
  const second = Promise.withResolvers<string>()
  const run = await start(3, fail('RATE_LIMITED', { retryAfterMs: 300 }), () => second.promise)
  const error = { code: 'RATE_LIMITED', taskCode: null, attempt: 1 }
  await expect.poll(() => itemOf(run)).toMatchObject({ status: 'QUEUED', attempt: 1, attempts: 1, error })
  await expect.poll(() => itemOf(run)).toMatchObject({ status: 'RUNNING', attempt: 2, attempts: 2, error })
  second.resolve('done')
  await expect.poll(() => itemOf(run)).toMatchObject({ status: 'SUCCEEDED', attempt: 2, error: null })
})

test('the attempts of an item go on when it is retried, and it has all of them again', async () => {
  const run = await start(2, fail('TIMEOUT'), fail('TIMEOUT'), fail('TIMEOUT'), () => 'done')
  await expect
    .poll(() => itemOf(run))
    .toMatchObject({
      status: 'FAILED',
      attempt: 2,
      error: { attempt: 2 },
    })
  const { data } = await t.query('mutation ($id: ID!) { retryFailedItems(input: { id: $id }) { __typename } }', {
    id: run,
  })
  expect(data.retryFailedItems.__typename).not.toMatch(/Error$/)
  await expect.poll(() => itemOf(run)).toMatchObject({ status: 'SUCCEEDED', attempt: 4, attempts: 4 })
})

test('an item that was never called has no attempt', async () => {
  const hanging = Promise.withResolvers<string>()
  const datasetId = await seedDataset(t, [1, 2])
  script = [() => hanging.promise]
  const task = { kind: 'module', name: 'scripted' } as const
  const experimentId = await seedExperiment(t, datasetId, task, { concurrency: 1 })
  const run = encodeGlobalId('Run', (await startRun(t.services, t.scope, { experimentId })).id)
  const query = 'query ($id: ID!) { node(id: $id) { ... on Run { items { nodes { status attempt attempts } } } } }'
  const items = async () => (await t.query(query, { id: run })).data.node.items.nodes
  await expect.poll(items).toEqual([
    { status: 'RUNNING', attempt: 1, attempts: 1 },
    { status: 'QUEUED', attempt: null, attempts: 0 },
  ])
  hanging.resolve('done')
})

test('a code that the task made up is TASK_FAILED, and shown beside it', async () => {
  const run = await start(1, fail('OUT_OF_CREDIT'))
  await expect
    .poll(() => itemOf(run))
    .toMatchObject({
      status: 'FAILED',
      error: { code: 'TASK_FAILED', taskCode: 'OUT_OF_CREDIT', attempt: 1 },
    })
})

test('the error of an evaluator says whose output it could not score', async () => {
  await t.query(
    'mutation { createEvaluator(input: { name: "broken", datasetIds: null, definition: { module: { name: "broken" } } }) { __typename } }',
  )
  const run = await start(2, fail('RATE_LIMITED', { retryAfterMs: 1 }), () => 'done')
  await expect
    .poll(() => itemOf(run))
    .toMatchObject({
      status: 'SUCCEEDED',
      scores: [{ error: { code: 'EVALUATOR_FAILED', taskCode: null, attempt: 2 } }],
    })
})
