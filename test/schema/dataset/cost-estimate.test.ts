import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { createPrompt } from '../../../src/engine/prompts/prompts.ts'
import { setModelPrice } from '../../../src/engine/providers/model-prices.ts'
import { seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { promptTask, seedProvider } from '../../helpers/prompt-task.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let datasetId: string

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
  datasetId = await seedDataset(t, [{ q: 'a'.repeat(36) }, { q: 'b'.repeat(76) }, { other: 'c' }])
  const { id } = await seedProvider(t, 'http://127.0.0.1:1/v1')
  await setModelPrice(t.services, t.scope, { providerId: id, model: 'own', input: 2, output: 10 })
})
afterAll(() => t[Symbol.asyncDispose]())

async function estimate(task: object) {
  const { data, errors } = await t.query(
    `query($id: ID!, $task: TaskInput!) { node(id: $id) { ... on Dataset { costEstimate(task: $task) {
      run { name } costUsd inputCostUsd maxCostUsd inputTokens outputTokens sampleSize unrenderedCount
    } } } }`,
    { id: encodeGlobalId('Dataset', datasetId), task },
  )
  return { estimate: data?.node?.costEstimate, errors }
}

const prompt = (parts: object = {}, parameters: object = {}) => ({
  prompt: {
    ...{ provider: 'test', model: 'own' },
    prompt: { content: { messages: [{ role: 'USER', content: '{{q}}' }], parameters } },
    ...parts,
  },
})

/** A run with costs, as its sums have them. */
async function seedRun(name: string, task: object, sums: object) {
  const experimentId = await seedExperiment(t, datasetId, task as never)
  await t.db.prisma.run.create({
    data: {
      ...{
        projectId: t.scope.projectId,
        experimentId,
        datasetId,
        datasetVersion: 1,
        name,
        seed: 's',
        total: 4,
        queued: 0,
      },
      ...{ task: JSON.parse(JSON.stringify(task)), settings: {}, status: 'COMPLETED' },
      ...sums,
    },
  })
}

test('a prompt costs what its rendered messages do, and the answers what its run says', async () => {
  // 4 tokens a message and one for every 4 bytes: 13 and 23; the third item has no q.
  expect(await estimate(prompt())).toEqual({
    estimate: {
      ...{ run: null, costUsd: null, maxCostUsd: null, outputTokens: null },
      ...{ inputTokens: 18, inputCostUsd: 0.000036, sampleSize: 3, unrenderedCount: 1 },
    },
    errors: undefined,
  })
  const longest = await estimate(prompt({}, { maxOutputTokens: 100 }))
  expect(longest.estimate).toMatchObject({ costUsd: null, maxCostUsd: 0.001036 })

  await seedRun('of another model', { ...promptTask(), model: 'other' }, { costSum: 1, costCount: 4, succeeded: 4 })
  await seedRun(
    'of this one',
    { ...promptTask(), model: 'own' },
    { costSum: 1, costCount: 4, succeeded: 4, outputTokens: 200n },
  )
  expect((await estimate(prompt())).estimate).toMatchObject({
    ...{ run: { name: 'of this one' }, outputTokens: 50, costUsd: 0.000536, inputCostUsd: 0.000036 },
  })
})

test('a stored prompt is estimated in the version that is meant, and a model without a price has no cost', async () => {
  await createPrompt(t.services, t.scope, {
    name: 'ask',
    content: { messages: [{ role: 'USER', content: 'Say hi.' }] },
  })
  const stored = await estimate(prompt({ model: 'nobody knows', prompt: { prompt: { name: 'ask' } } }))
  expect(stored.estimate).toMatchObject({ inputTokens: 6, inputCostUsd: null, costUsd: null, unrenderedCount: 0 })
  const { errors } = await estimate(prompt({ provider: 'nobody' }))
  expect(errors).toMatchObject([{ message: expect.stringContaining('There is no provider "nobody"') }])
})

test('other tasks cost what their newest run with a known cost did', async () => {
  const http = { http: { url: 'http://127.0.0.1:1/answer' } }
  expect((await estimate(http)).estimate).toMatchObject({ run: null, costUsd: null, inputTokens: null })
  const task = { kind: 'http', url: 'http://127.0.0.1:1/answer', method: 'POST' }
  await seedRun('priced', task, { costSum: 0.8, costCount: 4, succeeded: 4 })
  await seedRun('of unknown cost', task, { succeeded: 4 })
  expect((await estimate(http)).estimate).toMatchObject({ run: { name: 'priced' }, costUsd: 0.2, inputTokens: null })
})
