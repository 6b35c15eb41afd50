/** Looks for a stored key of a provider in everything that leaves a server, and in the whole database. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { getIntrospectionQuery } from 'graphql'
import { createClient } from 'graphql-ws'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../../src/domain/global-id.ts'
import { Worker } from '../../../src/engine/execution/worker.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { startServer } from '../../../src/server/start-server.ts'
import { openTracing } from '../../../src/telemetry/open-tracing.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { startModelServer } from '../../helpers/model-server/model-server.ts'
import { promptTask } from '../../helpers/prompt-task.ts'

const key = 'sk-never-to-be-seen-0123456789abcdef'
const forms = [key, encodeURIComponent(key), Buffer.from(key).toString('base64'), Buffer.from(key).toString('hex')]

/** What a place that must not have the key says, by the name of the place. */
const places = new Map<string, string>()

test('a key of a provider is in nothing that leaves a server, and nowhere in the database', async () => {
  const logged: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) })
  const spans: Buffer[] = []
  const collector = createServer(async (request, response) => {
    spans.push(await buffer(request))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  onTestFinished(() => void collector.close())
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const tracing = await openTracing(process.env, log)
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT

  await using t = await createTestEngine()
  const services = { ...t.services, log, tracing }
  const { url, stop } = await startServer({ ...t, services, host: '127.0.0.1', port: 0 })
  const worker = new Worker(services, t.listener).start()
  await using server = await startModelServer(({ prompt, headers, stream }) => {
    const sent = headers.authorization ?? ''
    expect(sent).toBe(`Bearer ${key}`)
    if (prompt === 'fails')
      return { status: 500, type: 'x', message: `cannot serve ${sent}`, headers: { 'x-key': sent } }
    if (prompt === 'malformed') return { raw: `{"your key": "${key}"` }
    if (prompt === 'filtered') return { status: 400, type: 'x', code: 'content_filter', message: `no: ${key}` }
    if (prompt === 'refused') return { status: 401, type: 'x', message: `Incorrect API key provided: ${key}` }
    if (prompt === 'cut' && stream) return { text: 'one two three', cutAfter: 1 }
    return { text: `I am ${prompt}` }
  })

  async function ask(name: string, query: string, variables: object = {}) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    const text = await response.text()
    places.set(name, text)
    return JSON.parse(text).data
  }
  const input = { name: 'test', kind: 'OPENAI_COMPATIBLE', baseUrl: server.openai, apiKey: key }
  const provider = '{ id name kind baseUrl keySource apiKeyVariable keySetAt prices { id } }'
  const create = `mutation($input: CreateProviderInput!) { createProvider(input: $input) {
    ... on CreateProviderPayload { provider ${provider} } ... on UserError { message path } } }`
  const { id } = (await ask('creation', create, { input })).createProvider.provider
  await ask('creation again', create, { input })
  await ask('refused key', create, { input: { ...input, name: 'b', apiKey: `${key} with a space` } })
  await ask('refused variable', create, { input: { ...input, name: 'c', apiKey: null, apiKeyVariable: key } })
  await ask('invalid variables', create, { input: { ...input, apiKey: [key] } })
  await ask('a misspelt field', create, { input: { ...input, baseURL: server.openai } })
  await ask(
    'test',
    `mutation { testProvider(input: { id: "${id}", model: "refused" }) { ... on TestProviderPayload { message } } }`,
  )
  await ask('list', `{ providers { nodes ${provider} } }`)
  await ask('node', `{ node(id: "${id}") { ... on Provider ${provider} } }`)
  await ask('introspection', getIntrospectionQuery())

  const datasetId = await seedDataset(t, ['fine', 'fails', 'malformed', 'filtered', 'cut'])
  const experimentId = await seedExperiment(t, datasetId, promptTask(), { maxAttempts: 1, concurrency: 5 })
  const first = await startRun(services, t.scope, { experimentId })
  await followRun(t, first.id)
  const refusedId = await seedExperiment(t, await seedDataset(t, ['refused']), promptTask(), {})
  const second = await startRun(services, t.scope, { experimentId: refusedId })
  expect((await followRun(t, second.id)).run).toMatchObject({ status: 'STOPPED', stopReason: 'PROVIDER' })

  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
  const feed = `id status stopMessage task { ... on PromptTask { provider model } }`
  for (const run of [first, second]) {
    const runId = encodeGlobalId('Run', run.id)
    const query = `subscription { runFeed(runId: "${runId}") { run { ${feed} } items { id output error { message } generation { warnings } } } }`
    const batches: unknown[] = []
    for await (const batch of client.iterate({ query })) batches.push(batch)
    places.set(`feed of ${run.id}`, JSON.stringify(batches))
    for (const format of ['jsonl', 'csv']) {
      const exported = await fetch(`${url}/export/runs/${runId}.${format}`)
      places.set(`export of ${run.id} as ${format}`, `${exported.status} ${await exported.text()}`)
    }
  }
  await client.dispose()
  places.set('metrics', await (await fetch(`${url}/metrics`)).text())

  await worker.stop()
  await stop()
  await tracing.stop()
  places.set('logs', logged.join(''))
  places.set('traces', Buffer.concat(spans).toString('latin1'))
  const { rows: tables } = await t.db.pool.query(
    `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  )
  for (const { name } of tables) {
    const { rows } = await t.db.pool.query(`SELECT t::text AS row FROM ${name} t`)
    places.set(`table ${name}`, rows.map(({ row }) => row).join('\n'))
  }

  expect(places.get('traces')).toContain('gen_ai.request.model')
  expect(places.get('logs')).toContain('an attempt failed')
  expect(places.get('table public.run_item')).toContain('cannot serve Bearer ********')
  expect(places.get(`export of ${first.id} as jsonl`)).toMatch(/^200 .*I am fine/s)
  const found = [...places].flatMap(([name, text]) => (forms.some((form) => text.includes(form)) ? [name] : []))
  expect(found).toEqual([])
})
