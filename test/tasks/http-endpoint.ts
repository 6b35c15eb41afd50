import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Task, TaskError, type TaskSpec } from '../../src/domain/execution/task.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { callTask } from '../../src/tasks/call-task.ts'
import { type HttpClient, openHttpClient } from '../../src/tasks/http-client.ts'
import { createTask, parseTaskSpec } from '../../src/tasks/registry.ts'
import { answers, type Behaviour, startServer, type TestServer } from './misbehaving-server.ts'
import { noFunctions, taskContext, taskItem } from './task-items.ts'

/** The current time in the tests of `Retry-After`. */
const now = Date.parse('2026-11-22T12:00:00Z')

const bigInteger = '{"order":9007199254740993,"text":"café","cost":0.5}'

/** Paths such as `$[*,*]…` select from it twice as much with each step. */
const nest = (value: string) => Array.from({ length: 24 }).reduce<Json>((inner) => [inner], value)

const behaviours: Record<string, Behaviour> = {
  '/answer': answers.json({ answer: 'forty-two', cost: 0.002, usage: { input: 12, output: 3 }, choices: ['a', 'b'] }),
  '/echo': (response, request) => answers.json({ body: JSON.parse(request.body || 'null') })(response, request),
  '/text': answers.status(200, { 'content-type': 'text/plain; charset=utf-8' }, 'forty-two'),
  '/html': answers.status(200, { 'content-type': 'text/html' }, '<h1>Log in</h1>'),
  '/untyped': answers.status(200, {}, '"forty-two"'),
  '/jsonAsText': answers.status(200, { 'content-type': 'text/plain' }, '{"answer": 42}'),
  '/nothing': answers.status(204),
  '/null': answers.json(null),
  '/nested': answers.json({ nested: nest('x'), cost: 0.5 }),
  '/nestedText': answers.json({ nested: nest('x'.repeat(5_000)), cost: 0.5 }),
  '/nul': answers.json({ answer: 'a\0b' }),
  '/costAsText': answers.json({ cost: '0.01' }),
  '/emptyList': answers.json({ list: [] }),
  '/paidError': answers.status(500, {}, JSON.stringify({ cost: 0.002, usage: { input: 12, output: 3 } })),
  '/bigInteger': answers.status(200, { 'content-type': 'application/json' }, bigInteger),
  '/latin1': answers.bytes({ 'content-type': 'text/plain; charset=iso-8859-1' }, Buffer.from('café', 'latin1')),
  '/wrongCharset': answers.bytes({ 'content-type': 'text/plain' }, Buffer.from('café', 'latin1')),
  '/unknownCharset': answers.status(200, { 'content-type': 'text/plain; charset=klingon' }, 'x'),
  '/unknownEncoding': answers.status(200, { 'content-encoding': 'compress' }, 'x'),
  '/gzip': answers.bytes({ 'content-type': 'application/json', 'content-encoding': 'gzip' }, gzipSync(bigInteger)),
  '/br': answers.bytes(
    { 'content-type': 'application/json', 'content-encoding': 'br' },
    brotliCompressSync(bigInteger),
  ),
  '/freeText': answers.json({ cost: 'cheap', tokens: 1.5 }),
  '/continue': answers.continue,
  '/hang': answers.hang,
  '/reset': answers.reset,
  '/slowHeaders': answers.slowHeaders,
  '/halfBody': answers.halfBody,
  '/halfChunkedBody': answers.halfChunkedBody,
  '/hangingBody': answers.hangingBody,
  '/halfJson': answers.halfJson,
  '/hugeBody': answers.hugeBody,
  '/redirect': answers.status(302, { location: 'http://169.254.169.254/latest' }),
  '/limited': answers.status(429, { 'retry-after': '7' }, 'slow down'),
  '/limitedUntil': answers.status(429, { 'retry-after': new Date(now + 90_000).toUTCString() }),
  '/limitedSince': answers.status(429, { 'retry-after': new Date(now - 90_000).toUTCString() }),
  '/limitedOddly': answers.status(429, { 'retry-after': 'soon' }),
  '/unavailable': answers.status(503, { 'retry-after': '2' }),
  '/longError': answers.status(500, {}, `  Traceback:\n${'x'.repeat(500)}\0`),
  ...Object.fromEntries(
    [400, 401, 404, 408, 422, 425, 500, 501, 502, 504, 529].map((s) => [`/${s}`, answers.status(s)]),
  ),
}

export interface Endpoint {
  server: TestServer
  task(parts: Record<string, unknown>, http?: HttpClient): Task
  /** The error of a call to this path. */
  failure(path: string, parts?: Record<string, unknown>, timeoutMs?: number): Promise<TaskError>
}

/** One misbehaving server and one client for all tests of a file. */
export function useEndpoint(): () => Endpoint {
  let server: TestServer
  let client: HttpClient
  beforeAll(async () => {
    client = openHttpClient({ allowPrivate: true })
    server = await startServer(behaviours)
  })
  afterEach(() => {
    server.requests.length = 0
  })
  afterAll(async () => {
    await client.close()
    await client.close()
    await server.stop()
  })

  const task: Endpoint['task'] = (parts, http = client) =>
    createTask(
      parseTaskSpec({ kind: 'http', ...parts }, noFunctions.registered) as TaskSpec,
      noFunctions,
      http,
      undefined,
      () => now,
    )
  const failure: Endpoint['failure'] = async (path, parts = {}, timeoutMs = 5_000) => {
    const { signal, traceparent } = taskContext()
    const call = callTask(task({ url: server.url + path, ...parts }), taskItem(), { timeoutMs, signal, traceparent })
    const outcome = await call.catch((thrown: unknown) => thrown)
    if (outcome instanceof TaskError) return outcome
    throw new Error(`expected a TaskError, got ${JSON.stringify(outcome)}`)
  }
  return () => ({ server, task, failure })
}
