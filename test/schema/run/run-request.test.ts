import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../src/domain/global-id.ts'
import { createEvaluator, deleteEvaluator, updateEvaluator } from '../../../src/engine/evaluators.ts'
import { createApiKey } from '../../../src/engine/projects/api-keys.ts'
import { deleteRun } from '../../../src/engine/runs/delete-run.ts'
import { seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let datasetId: string
beforeAll(async () => {
  t = await startTestServer({ tasks: [{ name: 'echo', run: (input) => input }] })
  datasetId = await seedDataset(t, [1, 2, 3], { tags: () => ['short'] })
})
afterAll(() => t[Symbol.asyncDispose]())

const fields = `id name description metadata seed datasetVersion priority idempotencyKey
  settings { concurrency repetitions timeoutMs maxAttempts budgetUsd maxFailureRate cache }
  subset { tags itemIds sample }
  evaluators {
    version dataType direction sampling evaluator { id version sampling }
    definition { ... on BuiltinEvaluator { type options } }
  }
  earlyStop { baseline { id } metric { kind name source } margin }
  startedBy { name }`

async function start(input: object, headers = {}) {
  const document = `mutation($input: StartRunInput!) { startRun(input: $input) {
    ... on StartRunPayload { run { ${fields} } } ... on UserError { message }
  } }`
  const { data, errors } = await t.query(document, { input }, headers)
  expect(errors).toBeUndefined()
  return data.startRun.run
}

test('everything that a run is started with can be read back, and who started it', async () => {
  const experimentId = encodeGlobalId(
    'Experiment',
    await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' }),
  )
  const definition = { kind: 'builtin', type: 'exactMatch', ignoreCase: true }
  const evaluator = await createEvaluator(t.services, t.scope, { name: 'exact', definition, sampling: 0.5 })
  const baselineId = await recordRun(t, datasetId, [{ item: 0, scores: { ok: true } }])
  const item = await t.db.prisma.datasetItem.findFirstOrThrow({ where: { datasetId }, orderBy: { id: 'asc' } })
  const { key } = await createApiKey(t.db, t.scope, { name: 'ci', role: 'WRITE', person: 'ann' })
  const given = {
    name: 'nightly',
    description: 'at night',
    metadata: { commit: 'abc' },
    seed: 'mine',
    datasetVersion: 1,
    priority: -7,
    idempotencyKey: 'once',
  }
  const overrides = {
    ...{ concurrency: 2, repetitions: 3, timeoutMs: 4_000, maxAttempts: 5 },
    ...{ budgetUsd: 6.5, maxFailureRate: 0.25, cache: true },
  }
  const subset = { tags: ['short'], itemIds: [encodeGlobalId('DatasetItem', String(item.id))], sample: 1 }
  const earlyStop = { baselineId: encodeGlobalId('Run', baselineId), metric: { score: { name: 'ok' } }, margin: 0.125 }
  const evaluatorIds = [encodeGlobalId('Evaluator', evaluator.id)]
  const input = { ...given, experimentId, overrides, subset, earlyStop, evaluatorIds }
  const run = await start(input, { authorization: `Bearer ${key}` })
  expect(run).toEqual({
    id: run.id,
    ...given,
    settings: overrides,
    subset,
    evaluators: [
      {
        version: 1,
        dataType: 'BOOLEAN',
        direction: 'HIGHER_IS_BETTER',
        sampling: 0.5,
        evaluator: { id: evaluatorIds[0], version: 1, sampling: 0.5 },
        definition: { type: 'EXACT_MATCH', options: expect.objectContaining({ ignoreCase: true }) },
      },
    ],
    earlyStop: {
      baseline: { id: earlyStop.baselineId },
      metric: { kind: 'SCORE', name: 'ok', source: 'EVALUATOR' },
      margin: 0.125,
    },
    startedBy: { name: 'ann' },
  })

  await updateEvaluator(t.services, t.scope, { id: evaluator.id, sampling: 1 })
  await deleteRun(t.services, t.scope, baselineId)
  const headers = { authorization: `Bearer ${key}` }
  const { data, errors } = await t.query(
    `query($id: ID!) { node(id: $id) { ... on Run { ${fields} } } }`,
    { id: run.id },
    headers,
  )
  expect(errors).toBeUndefined()
  expect(data.node).toMatchObject({
    evaluators: [{ version: 1, sampling: 0.5, evaluator: { version: 2, sampling: 1 } }],
    earlyStop: { baseline: null, metric: { name: 'ok' } },
  })
})

test('a run that was started with nothing else has nothing else', async () => {
  const { key } = await createApiKey(t.db, t.scope, { name: 'plain', role: 'WRITE' })
  const experimentId = encodeGlobalId(
    'Experiment',
    await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' }),
  )
  expect(await start({ experimentId, evaluatorIds: [] }, { authorization: `Bearer ${key}` })).toMatchObject({
    priority: 0,
    idempotencyKey: null,
    subset: null,
    evaluators: [],
    earlyStop: null,
    startedBy: { name: 'plain' },
  })
})

test('a subset names items of the dataset; another is refused, never left out', async () => {
  const foreign = await seedDataset(t, [1])
  const itemOf = async (dataset: string) => {
    const { id } = await t.db.prisma.datasetItem.findFirstOrThrow({ where: { datasetId: dataset } })
    return encodeGlobalId('DatasetItem', String(id))
  }
  const experimentId = encodeGlobalId(
    'Experiment',
    await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' }),
  )
  const { key } = await createApiKey(t.db, t.scope, { name: 'subset', role: 'WRITE' })
  const document = `mutation($input: StartRunInput!) { startRun(input: $input) {
    __typename ... on UserError { message path } } }`
  const startWith = async (itemIds: string[]) =>
    (await t.query(document, { input: { experimentId, subset: { itemIds } } }, { authorization: `Bearer ${key}` })).data
      .startRun
  const known = await itemOf(datasetId)
  for (const id of [await itemOf(foreign), encodeGlobalId('DatasetItem', '999999')]) {
    expect(await startWith([known, id])).toMatchObject({
      __typename: 'NotFoundError',
      path: ['input', 'subset', 'itemIds', '1'],
    })
  }
  expect(await startWith([])).toEqual({
    __typename: 'InvalidInputError',
    message: 'Expected a subset with at least one item of version 1 of the dataset; this one selects none.',
    path: ['input', 'subset'],
  })
})

test('a run shows the functions it was started with, and why it waits', async () => {
  const { key } = await createApiKey(t.db, t.scope, { name: 'reader', role: 'ADMIN' })
  const headers = { authorization: `Bearer ${key}` }
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
  const read = `query ($id: ID!) { run(id: $id) { functions { kind name hash } waitingReason } }`
  const { id } = await start({ experimentId: encodeGlobalId('Experiment', experimentId) }, headers)
  const functions = [{ kind: 'TASK', name: 'echo', hash: 'test' }]
  expect((await t.query(read, { id }, headers)).data.run).toEqual({ functions, waitingReason: null })

  await t.db.prisma.worker.updateMany({ data: { functions: [], problem: 'assay.config.ts:3: SyntaxError' } })
  expect((await t.query(read, { id }, headers)).data.run).toEqual({
    functions,
    waitingReason:
      'It waits for a worker with the functions that it was started with: task "echo" test. ' +
      'test has none: assay.config.ts:3: SyntaxError. ' +
      'Start a worker with that config, or cancel it and start another run.',
  })
  await t.db.prisma.worker.deleteMany()
  expect((await t.query(read, { id }, headers)).data.run.waitingReason).toMatch(/no worker is running/)
  expect((await t.query('{ modules { name } }', {}, headers)).data.modules).toEqual([])
})

test('an idempotency key answers before anything else is asked, and an empty subset is none', async () => {
  const { key } = await createApiKey(t.db, t.scope, { name: 'again', role: 'WRITE' })
  const headers = { authorization: `Bearer ${key}` }
  const experimentId = encodeGlobalId(
    'Experiment',
    await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' }),
  )
  const definition = { kind: 'builtin', type: 'exactMatch' }
  const evaluator = await createEvaluator(t.services, t.scope, { name: 'short-lived', definition })
  const baselineId = await recordRun(t, datasetId, [{ item: 0, scores: { ok: true } }])
  const input = {
    ...{ experimentId, idempotencyKey: 'again', subset: { tags: null } },
    evaluatorIds: [encodeGlobalId('Evaluator', evaluator.id)],
    earlyStop: { baselineId: encodeGlobalId('Run', baselineId), metric: { score: { name: 'ok' } } },
  }
  const first = await start(input, headers)
  expect(first.subset).toBeNull()
  await deleteEvaluator(t.services, t.scope, evaluator.id)
  await deleteRun(t.services, t.scope, baselineId)
  expect(await start(input, headers)).toMatchObject({ id: first.id })
})
