import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { followEchoRun, makeEchoProject, startEchoRun } from '../helpers/echo-run.ts'
import { ask, spawnServer } from '../helpers/spawn-assay.ts'

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  status: { code?: number; message?: string }
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
}

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] }
    scopeSpans: { spans: Span[] }[]
  }[]
}

/** An OTLP/HTTP collector that stores the requests it receives. */
async function startCollector(status = 200) {
  const requests: { path: string; body: ExportRequest }[] = []
  const server = createServer(async (request, response) => {
    requests.push({ path: request.url ?? '', body: (await json(request)) as ExportRequest })
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const resources = () => requests.flatMap(({ body }) => body.resourceSpans)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    resources,
    spans: () => resources().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  }
}

function attribute({ attributes }: Span, key: string) {
  const value = attributes.find((found) => found.key === key)?.value
  return value?.stringValue ?? value?.intValue
}

test('with an OTLP endpoint every attempt is a trace: item, task and evaluators, and the call carries the task span’s context', async () => {
  const collector = await startCollector()
  const cwd = await makeEchoProject()
  const server = await spawnServer([], {
    cwd,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'assay-under-test',
      ASSAY_TRACE_URL: 'https://jaeger.example/trace/{traceId}',
    },
  })
  await ask(
    server.url,
    'mutation { createEvaluator(input: { name: "long", datasetIds: null, definition: { module: { name: "long" } } }) { __typename } }',
  )
  const runId = await startEchoRun(server.url, 'echo', [1, 2, 3])
  const items = await followEchoRun(server.url, runId)
  const { node } = await ask<{ node: { traceUrl: string } }>(
    server.url,
    'query ($id: ID!) { node(id: $id) { ... on RunItem { traceUrl } } }',
    { id: items[0]?.id },
  )
  expect(node.traceUrl).toBe(`https://jaeger.example/trace/${items[0]?.traceId}`)
  const failed = await followEchoRun(server.url, await startEchoRun(server.url, 'fail', [1]))
  server.process.kill('SIGTERM')
  expect(await server.exited).toBe(0)

  expect(new Set(collector.requests.map(({ path }) => path))).toEqual(new Set(['/v1/traces']))
  const [resource] = collector.resources()
  expect(resource?.resource.attributes).toContainEqual({
    key: 'service.name',
    value: { stringValue: 'assay-under-test' },
  })
  const spans = collector.spans()
  expect(items).toHaveLength(3)
  for (const { id, output, traceId, status, datasetItem } of items) {
    expect(status).toBe('SUCCEEDED')
    const trace = spans.filter((span) => span.traceId === traceId)
    expect(trace.map(({ name }) => name).sort()).toEqual(['evaluator long', 'item', 'task'])
    const named = (name: string) => trace.find((span) => span.name === name)
    expect(named('item')?.parentSpanId).toBeFalsy()
    expect(named('task')?.parentSpanId).toBe(named('item')?.spanId)
    expect(named('evaluator long')?.parentSpanId).toBe(named('item')?.spanId)
    expect(output).toBe(`00-${traceId}-${named('task')?.spanId}-01`)
    for (const span of trace) {
      const ids = ['assay.run.id', 'assay.run_item.id', 'assay.item.id'].map((name) => attribute(span, name))
      expect(ids).toEqual([runId, id, datasetItem.id])
    }
  }
  const failure = spans.filter(({ traceId }) => traceId === failed[0]?.traceId)
  expect(failure.map(({ name, status }) => [name, status.code, status.message]).sort()).toEqual([
    ['item', 2, 'it always fails'],
    ['task', 2, 'it always fails'],
  ])
})

test('a collector that rejects spans causes a warning and does not affect the run', async () => {
  const collector = await startCollector(400)
  const server = await spawnServer([], {
    cwd: await makeEchoProject(),
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  })
  const items = await followEchoRun(server.url, await startEchoRun(server.url, 'echo', [1, 2]))
  expect(items.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED'])
  server.process.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  expect(server.stderr).toContain('could not export spans')
})
