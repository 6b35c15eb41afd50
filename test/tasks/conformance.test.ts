import { afterAll, beforeAll } from 'vitest'
import type { ModuleTask } from '../../src/domain/execution/modules.ts'
import type { Task, TaskSpec } from '../../src/domain/execution/task.ts'
import { result } from '../../src/domain/execution/task-result.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { type HttpClient, openHttpClient } from '../../src/tasks/http-client.ts'
import { createTask, parseTaskSpec } from '../../src/tasks/registry.ts'
import { inThisProcess } from '../helpers/functions.ts'
import { testKey } from '../helpers/model-call.ts'
import { type ModelServer, startModelServer } from '../helpers/model-server/model-server.ts'
import type { Reply } from '../helpers/model-server/reply.ts'
import { promptTask } from '../helpers/prompt-task.ts'
import { conformsAsTask } from './conformance.ts'
import { answers, type Behaviour, startServer, type TestServer } from './misbehaving-server.ts'
import { noFunctions } from './task-items.ts'

const usage = { costUsd: 0.5, inputTokens: 10, outputTokens: 20 }

function moduleTask(run: ModuleTask['run']): Task {
  const functions = inThisProcess({ tasks: [{ name: 'task', run }] })
  return createTask({ kind: 'module', name: 'task' }, functions, http)
}

conformsAsTask('a function', {
  echo: () => moduleTask(async (input) => ({ seen: input })),
  priced: (output) => moduleTask(() => result({ output, ...usage })),
  failing: () =>
    moduleTask(() => {
      throw new Error('boom')
    }),
  limited: () =>
    moduleTask(() =>
      Promise.reject(Object.assign(new Error('Slow'), { status: 429, headers: { 'retry-after': '2' } })),
    ),
  garbled: () => moduleTask(() => () => 1),
  hanging: () => moduleTask(() => new Promise(() => {})),
  gated() {
    let active = 0
    const gate = Promise.withResolvers<void>()
    const task = moduleTask(() => {
      active++
      return gate.promise
    })
    return { task, active: () => active, open: gate.resolve }
  },
})

let server: TestServer
let http: HttpClient
const behaviours: Record<string, Behaviour> = {
  '/echo': (response, request) => answers.json({ output: { seen: JSON.parse(request.body).input } })(response, request),
  '/fail': answers.status(500, {}, 'boom'),
  '/hang': answers.hang,
}
let paths = 0

function httpTask(behaviour: Behaviour | string): Task {
  const path = typeof behaviour === 'string' ? behaviour : `/${paths++}`
  if (typeof behaviour !== 'string') behaviours[path] = behaviour
  const spec = {
    kind: 'http',
    url: server.url + path,
    outputPath: '$.output',
    costPath: '$.costUsd',
    inputTokensPath: '$.inputTokens',
    outputTokensPath: '$.outputTokens',
  }
  return createTask(parseTaskSpec(spec, noFunctions.registered) as TaskSpec, noFunctions, http)
}

beforeAll(async () => {
  server = await startServer(behaviours)
  http = openHttpClient({ allowPrivate: true })
})
afterAll(async () => {
  await http.close()
  await server.stop()
})

conformsAsTask('an HTTP endpoint', {
  echo: () => httpTask('/echo'),
  priced: (output: Json) => httpTask(answers.json({ output, ...usage })),
  failing: () => httpTask('/fail'),
  limited: () => httpTask(answers.status(429, { 'retry-after': '2' })),
  garbled: () => httpTask(answers.status(200, { 'content-type': 'text/html' }, '<html>')),
  hanging: () => httpTask('/hang'),
  gated() {
    let active = 0
    const gate = Promise.withResolvers<void>()
    const task = httpTask(async (response, request) => {
      active++
      await gate.promise
      answers.json({ output: null })(response, request)
    })
    return { task, active: () => active, open: gate.resolve }
  },
})

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer(({ model }) => answering[model]?.() ?? { text: 'Hello.' })
})
afterAll(() => models.stop())
const answering: Record<string, () => Reply | Promise<Reply>> = {
  failing: () => ({ status: 400, type: 'invalid_request_error', message: 'boom' }),
  limited: () => ({ status: 429, type: 'rate_limit', message: 'Slow down', headers: { 'retry-after': '2' } }),
  garbled: () => ({ raw: '<html>' }),
  hanging: () => new Promise(() => {}),
}

function promptedTask(model: string): Task {
  const prices = { input: 30_000, output: 10_000, cachedInput: null, cacheWrite: null, reasoning: null }
  const access = {
    name: 'test',
    address: {
      ...{ kind: 'OPENAI_COMPATIBLE' as const, baseUrl: models.openai },
      ...{ region: null, resourceName: null, apiVersion: null, accessKeyId: null },
    },
    apiKey: testKey,
  }
  const parts = { projectId: 'p', connect: async () => access, loadFile: () => Promise.reject(new Error('none')) }
  return createTask({ ...promptTask({ model, prices, stream: false }) }, noFunctions, http, parts)
}

conformsAsTask('a prompt', {
  priced(output: Json) {
    answering.priced = () => ({ text: String(output), usage: { input: 10, output: 20 } })
    return promptedTask('priced')
  },
  failing: () => promptedTask('failing'),
  limited: () => promptedTask('limited'),
  garbled: () => promptedTask('garbled'),
  hanging: () => promptedTask('hanging'),
  gated() {
    let active = 0
    const gate = Promise.withResolvers<void>()
    answering.gated = async () => {
      active++
      await gate.promise
      return { text: 'open' }
    }
    return { task: promptedTask('gated'), active: () => active, open: gate.resolve }
  },
})
