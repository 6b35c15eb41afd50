/** Calls of models as tests make them: through the real SDK, on real sockets. */
import { Agent } from 'undici'
import { type TaskContext, TaskError, type TaskResult } from '../../src/domain/execution/task.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { compileJsonSchema } from '../../src/domain/json/json-schema.ts'
import type { ModelAddress, ProviderKind } from '../../src/domain/model/provider.ts'
import { callModel, type ModelCall } from '../../src/models/call-model.ts'
import { fileDownload } from '../../src/models/download.ts'
import { openModel } from '../../src/models/open-model.ts'
import { maxResponseBytes, type ProviderFetch, providerFetch } from '../../src/models/provider-fetch.ts'
import { baseUrlOf, type ModelServer } from './model-server/model-server.ts'

export const agent = new Agent({ maxResponseSize: maxResponseBytes })
export const testKey = 'sk-test-0123456789abcdef'

export type CallOptions = Partial<Omit<ModelCall, 'model' | 'access' | 'output'>> & {
  kind?: ProviderKind
  /** Besides the base URL, which is the server's. */
  address?: Partial<ModelAddress>
  model?: string
  prompt?: string
  schema?: Json
  apiKey?: string | null
  fetch?: ProviderFetch
  context?: Partial<TaskContext>
}

const elsewhere = { region: null, resourceName: null, apiVersion: null, accessKeyId: null }

/** Calls a model of the server, by default streamed, in OpenAI's protocol as other servers speak it. */
export async function call(server: Pick<ModelServer, 'origin'>, options: CallOptions = {}): Promise<TaskResult> {
  const {
    kind = 'OPENAI_COMPATIBLE',
    address,
    model = 'gpt-4o-mini',
    prompt = 'Hello?',
    schema,
    apiKey = testKey,
    fetch = providerFetch(agent),
    context,
    ...rest
  } = options
  const access = {
    name: 'test',
    address: { kind, baseUrl: baseUrlOf(server, kind), ...elsewhere, ...address },
    apiKey,
  }
  return callModel(
    {
      access,
      model: await openModel(access, model, fetch),
      instructions: [],
      messages: [{ role: 'user', content: prompt }],
      parameters: {},
      output: schema === undefined ? null : { schema, check: compileJsonSchema(schema, []) },
      tools: [],
      maxSteps: 1,
      stream: true,
      firstTokenTimeoutMs: null,
      nextTokenTimeoutMs: null,
      prices: null,
      download: fileDownload(fetch),
      ...rest,
    },
    { signal: new AbortController().signal, traceparent: '00-1-1-01', ...context },
  )
}

/** The error of a call that fails. */
export async function failureOf(server: Pick<ModelServer, 'origin'>, options: CallOptions = {}): Promise<TaskError> {
  const outcome = await call(server, options).catch((error: unknown) => error)
  if (outcome instanceof TaskError) return outcome
  throw new Error(`expected a TaskError, got ${JSON.stringify(outcome)}`)
}

/** A provider of each protocol, with one of its models. */
export const providers: [name: string, options: CallOptions & { model: string }][] = [
  ['OPENAI_COMPATIBLE', { kind: 'OPENAI_COMPATIBLE', model: 'gpt-4o-mini' }],
  ['OPENAI', { kind: 'OPENAI', model: 'gpt-4o-mini' }],
  ['ANTHROPIC', { kind: 'ANTHROPIC', model: 'claude-sonnet-4-5' }],
  ['GOOGLE', { kind: 'GOOGLE', model: 'gemini-2.5-flash' }],
  ['AZURE', { kind: 'AZURE', model: 'gpt-4o-mini' }],
  ['AZURE by deployment', { kind: 'AZURE', model: 'gpt-4o-mini', address: { apiVersion: '2024-10-21' } }],
  [
    'BEDROCK',
    { kind: 'BEDROCK', model: 'anthropic.claude-sonnet-4-5-20250929-v1:0', address: { region: 'eu-central-1' } },
  ],
]

/** The same, streamed and not. */
export const providersBothWays: typeof providers = providers.flatMap(([name, options]) =>
  [true, false].map((stream): (typeof providers)[number] => [
    `${name}${stream ? ', streamed' : ''}`,
    { ...options, stream },
  ]),
)
