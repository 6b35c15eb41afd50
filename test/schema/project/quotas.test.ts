/** Quotas of projects: who sets them, and what everybody who would have more is told. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { upsertDatasetItems } from '../../../src/engine/datasets/items.ts'
import { createApiKey } from '../../../src/engine/projects/api-keys.ts'
import { createProject } from '../../../src/engine/projects/projects.ts'
import { type Quota, setProjectQuota } from '../../../src/engine/projects/quotas.ts'
import { measureSizes } from '../../../src/engine/projects/size-measuring.ts'
import { deleteRun } from '../../../src/engine/runs/delete-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { testScope } from '../../helpers/scope.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let inFlight = 0
let most = 0

async function wait(): Promise<string> {
  inFlight += 1
  most = Math.max(most, inFlight)
  await new Promise((resolve) => setTimeout(resolve, 20))
  inFlight -= 1
  return 'x'.repeat(100_000)
}

beforeAll(async () => {
  const run = () => wait()
  t = await startTestServer({ tasks: [{ name: 'wait', run }] })
})
afterEach(() => setProjectQuota(t.services, t.scope, {}))
afterAll(() => t[Symbol.asyncDispose]())

const set = (quota: Partial<Quota>) => setProjectQuota(t.services, t.scope, quota)

async function experiment(items: number): Promise<string> {
  const datasetId = await seedDataset(t, [...Array(items).keys()])
  return seedExperiment(t, datasetId, { kind: 'module', name: 'wait' }, { concurrency: 20 })
}

const document = `mutation($input: SetProjectQuotaInput!) { setProjectQuota(input: $input) {
  __typename
  ... on SetProjectQuotaPayload { project { quota { runItems storageMb concurrentCalls subscriptions } usage { runItems } } }
  ... on UserError { code message path }
} }`

test('an ADMIN of the installation sets all quotas of a project at once, and whoever reads it sees them', async () => {
  const { data } = await t.query(document, { input: { runItems: 5, concurrentCalls: 2 } })
  const quota = { runItems: 5, storageMb: null, concurrentCalls: 2, subscriptions: null }
  expect(data.setProjectQuota.project).toEqual({ quota, usage: { runItems: 0 } })
  const read = await t.query(
    '{ projects { nodes { name quota { runItems concurrentCalls } usage { storageMb concurrentCalls } } } }',
  )
  expect(read.data.projects.nodes).toEqual([
    { name: 'default', quota: { runItems: 5, concurrentCalls: 2 }, usage: { storageMb: null, concurrentCalls: 0 } },
  ])
  const again = await t.query(document, { input: { subscriptions: 0 } })
  expect(again.data.setProjectQuota.project.quota).toEqual({
    ...{ runItems: null, storageMb: null, concurrentCalls: null, subscriptions: 0 },
  })
  const wrong = await t.query(document, { input: { concurrentCalls: 0 } })
  expect(wrong.data.setProjectQuota).toMatchObject({ code: 'INVALID_INPUT', path: ['input', 'concurrentCalls'] })
})

test("a project's own ADMIN does not set its quotas", async () => {
  const { id } = await createProject(t.db, t.scope, { name: 'theirs' })
  const scope = { ...(await testScope(t.db, id)), installation: false }
  await expect(setProjectQuota(t.services, scope, { runItems: 1 })).rejects.toThrow(
    'This needs a key of the installation',
  )
})

test('a run with more items than are left is refused with the numbers, and deleting runs makes room', async () => {
  const experimentId = await experiment(6)
  await set({ runItems: 10 })
  const first = await startRun(t.services, t.scope, { experimentId })
  const { data } = await t.query(
    `mutation($id: ID!) { startRun(input: { experimentId: $id }) { ... on UserError { code message path } } }`,
    { id: encodeGlobalId('Experiment', experimentId) },
  )
  expect(data.startRun).toEqual({
    code: 'LIMIT',
    message:
      'The runs of this project have 6 items, of at most 10 by its quota, and this run has more than the 4 that are left. Delete runs, take a sample, or ask an administrator of the installation for a larger quota (`assay quota`).',
    path: ['input', 'subset'],
  })
  const small = await startRun(t.services, t.scope, { experimentId, subset: { sample: 4 } })
  await expect(startRun(t.services, t.scope, { experimentId, subset: { sample: 1 } })).rejects.toThrow(
    'the 0 that are left',
  )
  for (const { id } of [first, small]) {
    await t.db.prisma.run.update({ where: { id }, data: { status: 'CANCELLED' } })
    await deleteRun(t.services, t.scope, id)
  }
  await startRun(t.services, t.scope, { experimentId })
})

test('runs that start at once do not exceed it together', async () => {
  const experimentId = await experiment(6)
  const { data } = await t.query('{ viewer { project { usage { runItems } } } }')
  await set({ runItems: data.viewer.project.usage.runItems + 13 })
  const started = await Promise.allSettled([1, 2, 3, 4].map(() => startRun(t.services, t.scope, { experimentId })))
  expect(started.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
})

test('what a project stores is measured, and beyond its quota nothing is added', async () => {
  const worker = await t.startWorker()
  const experimentId = await experiment(20)
  const { datasetId } = await t.db.prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } })
  await set({ storageMb: 1 })
  const run = await startRun(t.services, t.scope, { experimentId })
  await followRun(t, run.id)
  await worker.stop()
  const upload = (body: Buffer<ArrayBuffer>) =>
    fetch(`${t.url}/attachments`, { method: 'POST', headers: { 'content-type': 'image/png' }, body })
  const file = Buffer.from(randomBytes(100_000))
  expect((await upload(file)).status).toBe(201)
  while (await measureSizes(t.db));
  const { data } = await t.query('{ viewer { project { usage { storageMb } } } }')
  const { storageMb } = data.viewer.project.usage
  // The file, and outputs, which are stored compressed.
  expect(storageMb).toBeGreaterThan(0.12)
  expect(storageMb).toBeLessThan(0.5)
  expect((await upload(Buffer.from(randomBytes(1_000_000)))).status).toBe(429)
  await set({ storageMb: 0 })
  const message = /^This project stores 1 MB, of at most 0 MB by its quota.*Delete runs, datasets or files/
  const refused = await upload(file)
  expect(refused.status).toBe(429)
  expect(((await refused.json()) as { errors: { message: string }[] }).errors[0]?.message).toMatch(message)
  const more = upsertDatasetItems(t.services, t.scope, { datasetId, items: [{ input: 'more' }] })
  await expect(more).rejects.toThrow(message)
  await expect(startRun(t.services, t.scope, { experimentId })).rejects.toThrow(message)
})

test('its runs make no more calls at once than its quota', async () => {
  await set({ concurrentCalls: 3 })
  const worker = await t.startWorker()
  const runs = [await experiment(30), await experiment(30)]
  most = 0
  const started = await Promise.all(runs.map((experimentId) => startRun(t.services, t.scope, { experimentId })))
  const ends = await Promise.all(started.map(({ id }) => followRun(t, id)))
  for (const { run } of ends) expect(run).toMatchObject({ succeeded: 30 })
  expect(most).toBe(3)
  await worker.stop()
})

test('a subscription beyond the quota of its project is refused, and those of other projects are not', async () => {
  await using server = await startTestServer()
  await setProjectQuota(server.services, server.scope, { subscriptions: 1 })
  await createProject(server.db, server.scope, { name: 'unlimited' })
  const { key } = await createApiKey(server.db, server.scope, { name: 'a', role: 'READ', installation: true })
  const open = async (project?: string) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}`, project } }))
    await once(socket, 'message')
    const query = 'subscription { runsFeed { cursor } }'
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
    const [data] = await once(socket, 'message')
    return String(data)
  }
  expect(await open()).toContain('"cursor"')
  expect(await open()).toContain(
    'The subscriptions of this project on this server are as many as its quota allows, 1. End some, follow more with one, or ask',
  )
  expect(await open('unlimited')).toContain('"cursor"')
})
