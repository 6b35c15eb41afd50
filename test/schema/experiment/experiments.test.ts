import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { seedDataset } from '../../helpers/engine.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let datasetId: string

beforeAll(async () => {
  t = await startTestServer({
    tasks: [
      { name: 'double', description: 'Twice the input', run: (input: number) => input * 2 },
      { name: 'broken', run: (input: number) => Promise.reject(new Error(`no ${input}`)) },
    ],
    evaluators: [{ name: 'even', dataType: 'BOOLEAN', evaluate: ({ output }) => output % 2 === 0 }],
  })
  datasetId = encode('Dataset', await seedDataset(t, [1, 2, 3]))
})
afterAll(() => t[Symbol.asyncDispose]())

const encode = (type: string, id: string) => Buffer.from(`${type}:${id}`).toString('base64url')

const createExperiment = `mutation($input: CreateExperimentInput!) { createExperiment(input: $input) {
  __typename
  ... on CreateExperimentPayload {
    experiment {
      id name dataset { id } settings { concurrency maxAttempts budgetUsd }
      evaluators { name }
      task { __typename ... on HttpTask { url method headers body outputPath } ... on ModuleTask { name } ... on EchoTask { outputPath } }
    }
    run { id status progress { total } settings { concurrency } }
  }
  ... on UserError { code message path }
} }`

const updateExperiment = `mutation($input: UpdateExperimentInput!) { updateExperiment(input: $input) {
  __typename
  ... on UpdateExperimentPayload {
    experiment { name description settings { concurrency maxAttempts budgetUsd } evaluators { name } task { __typename } }
  }
  ... on UserError { code message path }
} }`

const createEvaluator = `mutation($input: CreateEvaluatorInput!) { createEvaluator(input: $input) {
  __typename
  ... on CreateEvaluatorPayload { evaluator {
    id name version active sampling dataType direction datasets { id }
    definition { __typename ... on BuiltinEvaluator { type options } ... on ModuleEvaluator { name } }
  } }
  ... on UserError { code message path }
} }`

async function create(input: object) {
  return (await t.query(createExperiment, { input })).data.createExperiment
}

test('an experiment with an HTTP task is created with all its defaults, and its credentials are never shown', async () => {
  const created = await create({
    name: 'http',
    datasetId,
    task: { http: { url: 'http://localhost:1/', headers: { Authorization: 'Bearer s3cret', 'X-Mode': 'fast' } } },
    settings: { concurrency: 3, budgetUsd: 1.5 },
  })
  expect(created).toEqual({
    __typename: 'CreateExperimentPayload',
    experiment: {
      id: expect.any(String),
      name: 'http',
      dataset: { id: datasetId },
      settings: { concurrency: 3, maxAttempts: 3, budgetUsd: 1.5 },
      evaluators: null,
      task: {
        __typename: 'HttpTask',
        url: 'http://localhost:1/',
        method: 'POST',
        headers: { Authorization: '********', 'X-Mode': 'fast' },
        body: null,
        outputPath: null,
      },
    },
    run: null,
  })
})

test('the mask of a credential is not accepted as the credential', async () => {
  const headers = { 'X-Apikey': '********' }
  expect(
    await create({ name: 'masked', datasetId, task: { http: { url: 'http://localhost:1/', headers } } }),
  ).toMatchObject({
    __typename: 'InvalidInputError',
    message: 'Expected the value of the header X-Apikey, got the mask that is shown in its place.',
    path: ['input', 'task', 'http', 'headers', 'X-Apikey'],
  })
})

test('a task of both kinds or neither is refused before execution', async () => {
  for (const task of [{}, { module: { name: 'double' }, http: { url: 'http://localhost/' } }, { module: null }]) {
    const { errors, data } = await t.query(createExperiment, { input: { name: 'both', datasetId, task } })
    expect(data).toBeUndefined()
    expect(errors?.[0]?.message).toMatch(/[Ee]xactly one key must be specified|must be non-null/)
  }
  expect(await t.db.prisma.experiment.count({ where: { name: 'both' } })).toBe(0)
})

test('an invalid value inside the task is a typed error with its path', async () => {
  expect(await create({ name: 'bad url', datasetId, task: { http: { url: 'nonsense' } } })).toMatchObject({
    __typename: 'InvalidInputError',
    path: ['input', 'task', 'http', 'url'],
  })
})

test('an experiment created with `start` has a run, and is not created when the run cannot start', async () => {
  const task = { module: { name: 'double' } }
  expect(await create({ name: 'at once', datasetId, task, start: true })).toMatchObject({
    run: { status: 'QUEUED', progress: { total: 3 } },
  })
  const empty = encode('Dataset', await seedDataset(t, []))
  expect(await create({ name: 'not at once', datasetId: empty, task, start: true })).toMatchObject({
    __typename: 'InvalidInputError',
    path: ['input', 'start'],
  })
  expect(await t.db.prisma.experiment.count({ where: { name: 'not at once' } })).toBe(0)
})

test('an echo is read back as it was given, and its path is checked', async () => {
  const echo = async (task: object) => create({ name: JSON.stringify(task), datasetId, task: { echo: task } })
  expect(await echo({})).toMatchObject({ experiment: { task: { __typename: 'EchoTask', outputPath: null } } })
  const outputPath = '$.metadata.answer'
  expect(await echo({ outputPath })).toMatchObject({ experiment: { task: { outputPath } } })
  expect(await echo({ outputPath: '$.input[*]' })).toMatchObject({
    __typename: 'InvalidInputError',
    path: ['input', 'task', 'echo', 'outputPath'],
  })
})

test('an update changes only the given fields', async () => {
  const { experiment } = await create({
    name: 'before',
    description: 'text',
    datasetId,
    task: { module: { name: 'double' } },
    settings: { concurrency: 7, budgetUsd: 2 },
  })
  const { data } = await t.query(updateExperiment, {
    input: { id: experiment.id, name: 'after', settings: { maxAttempts: 1, budgetUsd: null } },
  })
  expect(data.updateExperiment).toEqual({
    __typename: 'UpdateExperimentPayload',
    experiment: {
      name: 'after',
      description: 'text',
      settings: { concurrency: 7, maxAttempts: 1, budgetUsd: null },
      evaluators: null,
      task: { __typename: 'ModuleTask' },
    },
  })
})

test('evaluators are created, versioned by what changes their scores, listed and deleted', async () => {
  const { data } = await t.query(createEvaluator, {
    input: {
      name: 'same number',
      definition: { builtin: { numeric: { outputPattern: 'A: (.*)', absoluteTolerance: 0.5 } } },
      datasetIds: [datasetId],
    },
  })
  const { evaluator } = data.createEvaluator
  expect(evaluator).toMatchObject({
    name: 'same number',
    version: 1,
    active: true,
    sampling: 1,
    dataType: 'BOOLEAN',
    direction: 'HIGHER_IS_BETTER',
    datasets: [{ id: datasetId }],
    definition: {
      __typename: 'BuiltinEvaluator',
      type: 'NUMERIC',
      options: { outputPattern: 'A: (.*)', absoluteTolerance: 0.5, occurrence: 'LAST', thousandsSeparator: ',' },
    },
  })
  const update = async (input: object) => {
    const answer = await t.query(
      `mutation($input: UpdateEvaluatorInput!) { updateEvaluator(input: $input) {
        ... on UpdateEvaluatorPayload { evaluator { version active datasets { id } } } ... on UserError { message }
      } }`,
      { input: { id: evaluator.id, ...input } },
    )
    return answer.data.updateEvaluator.evaluator
  }
  expect(await update({ active: false, datasetIds: null })).toEqual({ version: 1, active: false, datasets: [] })
  expect(await update({ definition: { builtin: { exactMatch: { ignoreCase: true } } } })).toMatchObject({ version: 2 })

  const listed = async () => (await t.query('{ evaluators { nodes { name } } }')).data.evaluators.nodes
  expect(await listed()).toEqual([{ name: 'same number' }])
  await t.query('mutation($id: ID!) { deleteEvaluator(input: { id: $id }) { __typename } }', { id: evaluator.id })
  expect(await listed()).toEqual([])
})

test('the datasets of an evaluator are chosen, never all by leaving them out', async () => {
  const create = async (input: object) => {
    const definition = { builtin: { exactMatch: {} } }
    return (await t.query(createEvaluator, { input: { name: 'chosen', definition, ...input } })).data.createEvaluator
  }
  for (const input of [{}, { datasetIds: [] }]) {
    expect(await create(input)).toMatchObject({
      __typename: 'InvalidInputError',
      message: expect.stringContaining('or null for all'),
      path: ['input', 'datasetIds'],
    })
  }
  expect((await create({ datasetIds: null })).evaluator).toMatchObject({ datasets: [] })
})

test('an invalid pattern is reported with its path in the definition', async () => {
  const { data } = await t.query(createEvaluator, {
    input: { name: 'bad', datasetIds: null, definition: { builtin: { regex: { pattern: '(' } } } },
  })
  expect(data.createEvaluator).toMatchObject({
    __typename: 'InvalidInputError',
    path: ['input', 'definition', 'builtin', 'regex', 'pattern'],
  })
})

test('an evaluator preview records nothing', async () => {
  const preview = async (input: object) => {
    const { data } = await t.query(
      `mutation($input: PreviewEvaluatorInput!) { previewEvaluator(input: $input) {
        __typename
        ... on PreviewEvaluatorPayload { evaluations { name value dataType } error { code message } }
        ... on UserError { path }
      } }`,
      { input },
    )
    return data.previewEvaluator
  }
  expect(
    await preview({ definition: { builtin: { contains: { text: 'lo' } } }, name: 'greets', output: 'hello' }),
  ).toMatchObject({ evaluations: [{ name: 'greets', value: 1, dataType: 'BOOLEAN' }], error: null })
  expect(
    await preview({ definition: { builtin: { numeric: {} } }, output: '1', expectedOutput: 'no number' }),
  ).toMatchObject({ evaluations: [], error: { code: 'EVALUATOR_FAILED' } })
  expect(await preview({ output: 1 })).toMatchObject({ __typename: 'InvalidInputError', path: ['input', 'definition'] })
})

test('a task preview calls the endpoint once and records nothing', async () => {
  const server = createServer(async (request, response) => {
    const { input } = (await json(request)) as { input: { question: string } }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ answer: input.question.toUpperCase(), price: 0.002 }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ask`
  const preview = async (task: object, input: unknown = { question: 'why' }) => {
    const { data } = await t.query(
      `mutation($input: PreviewTaskInput!) { previewTask(input: $input) {
        __typename
        ... on PreviewTaskPayload { output costUsd latencyMs error { code message } }
        ... on UserError { message path }
      } }`,
      { input: { task, input } },
    )
    return data.previewTask
  }
  expect(await preview({ http: { url, outputPath: '$.answer', costPath: '$.price' } })).toMatchObject({
    output: 'WHY',
    costUsd: 0.002,
    latencyMs: expect.any(Number),
    error: null,
  })
  expect(await preview({ http: { url, outputPath: '$.none' } })).toMatchObject({
    output: null,
    error: { code: 'OUTPUT_NOT_FOUND' },
  })
  expect(await preview({ http: { url: 'nowhere' } })).toMatchObject({ path: ['input', 'task', 'http', 'url'] })
  const content = { messages: [{ role: 'USER', content: 'hi' }] }
  const prompt = { prompt: { provider: 'openai', model: 'm', prompt: { content } } }
  expect(await preview(prompt)).toMatchObject({ __typename: 'InvalidInputError', path: ['input', 'task'] })
})

test('a function is tried by a worker before there is an experiment', async () => {
  const preview = async (name: string, input: unknown) => {
    const { data } = await t.query(
      `mutation($input: PreviewTaskInput!) { previewTask(input: $input) {
        __typename
        ... on PreviewTaskPayload { output latencyMs error { code message } }
        ... on UserError { message path }
      } }`,
      { input: { task: { module: { name } }, input } },
    )
    return data.previewTask
  }
  const worker = await t.startWorker()
  expect(await preview('double', 21)).toMatchObject({ output: 42, latencyMs: expect.any(Number), error: null })
  expect(await preview('double', null)).toMatchObject({ output: 0 })
  expect(await preview('broken', 1)).toMatchObject({ output: null, error: { code: 'TASK_FAILED', message: 'no 1' } })
  expect(await preview('none', 1)).toMatchObject({ path: ['input', 'task', 'module', 'name'] })
  expect((await t.db.pool.query('SELECT FROM evaluator_preview')).rowCount).toBe(0)
  await worker.stop()
})

test('registered functions are listed', async () => {
  const { data } = await t.query('{ modules { name kind description dataType direction } }')
  expect(data.modules).toEqual([
    { name: 'broken', kind: 'TASK', description: null, dataType: null, direction: null },
    { name: 'double', kind: 'TASK', description: 'Twice the input', dataType: null, direction: null },
    { name: 'even', kind: 'EVALUATOR', description: null, dataType: 'BOOLEAN', direction: 'HIGHER_IS_BETTER' },
  ])
})
