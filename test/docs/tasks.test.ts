/** Follows docs/tasks.md literally, with a model server in place of the provider. */
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { blocksOf, executed } from '../helpers/documented.ts'
import { followRun, seedDataset } from '../helpers/engine.ts'
import { type ModelServer, startModelServer } from '../helpers/model-server/model-server.ts'
import { seedProvider } from '../helpers/prompt-task.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let server: ModelServer
beforeAll(async () => {
  t = await startTestServer({ tasks: [{ name: 'shout', run: ({ question }) => `${question}!` }] })
  server = await startModelServer(() => ({ text: 'On the fifth, as always.', reasoning: 'Hm.' }))
  await seedProvider(t, server.openai, { name: 'openai' })
  await t.startWorker()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await server.stop()
})

test('the operations on the page work, in their order', async () => {
  const operations = blocksOf('docs/tasks.md', 'graphql')
  const datasetId = await seedDataset(t, [{ question: 'When do I pay?' }], { metadata: () => ({ answer: 'Soon.' }) })
  const values = { 'id of the dataset': encodeGlobalId('Dataset', datasetId) }
  const mutations = operations.filter((text) => text.startsWith('mutation'))
  expect(mutations).toHaveLength(6)
  const [, , echo, prompt] = await Array.fromAsync(mutations, (operation) => executed(t, operation, values))
  const query = operations.find((text) => text.startsWith('query')) ?? ''
  const echoed = echo.createExperiment.run
  await followRun(t, rawId(echoed.id))
  expect((await t.query(query.replace('<id of the run>', echoed.id))).data.run).toMatchObject({
    status: 'COMPLETED',
    items: { nodes: [{ output: 'Soon.', costUsd: null, generation: null }] },
  })
  const { id } = prompt.createExperiment.run
  const runId = rawId(id)
  await followRun(t, runId)

  const { data } = await t.query(query.replace('<id of the run>', id))
  expect(data.run).toMatchObject({
    status: 'COMPLETED',
    items: { nodes: [{ output: 'On the fifth, as always.', generation: { price: { source: 'TABLE' } } }] },
  })

  const subscription = operations.find((text) => text.startsWith('subscription')) ?? ''
  const client = createClient({ url: `${t.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
  const item = encodeGlobalId('RunItem', `${runId}:0`)
  const events = client.iterate({ query: subscription.replace('<id of the run item>', item) })
  expect((await events.next()).value?.data).toMatchObject({
    runItemOutput: { done: true, reset: true, item: { status: 'SUCCEEDED', output: 'On the fifth, as always.' } },
  })
  await client.dispose()
})

function rawId(id: string): string {
  return Buffer.from(id, 'base64url').toString().replace('Run:', '')
}
