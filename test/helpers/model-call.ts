/** Calls of models as tests make them: through the real SDK, on real sockets. */
import { Agent } from 'undici'
import type { TaskContext, TaskResult } from '../../src/domain/execution/task.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { compileJsonSchema } from '../../src/domain/json/json-schema.ts'
import type { ProviderKind } from '../../src/domain/model/provider.ts'
import { callModel, type ModelCall } from '../../src/models/call-model.ts'
import { fileDownload } from '../../src/models/download.ts'
import { openModel } from '../../src/models/open-model.ts'
import { providerFetch } from '../../src/models/provider-fetch.ts'
import type { ModelServer } from './model-server/model-server.ts'

export const agent = new Agent()
export const testKey = 'sk-test-0123456789abcdef'

export type CallOptions = Partial<Omit<ModelCall, 'model' | 'access' | 'output'>> & {
  kind?: ProviderKind
  model?: string
  prompt?: string
  schema?: Json
  apiKey?: string | null
  context?: Partial<TaskContext>
}

/** Calls a model of the server, by default streamed, in OpenAI's protocol as other servers speak it. */
export async function call(
  server: Pick<ModelServer, 'openai' | 'anthropic'>,
  options: CallOptions = {},
): Promise<TaskResult> {
  const {
    kind = 'OPENAI_COMPATIBLE',
    model = 'gpt-4o-mini',
    prompt = 'Hello?',
    schema,
    apiKey = testKey,
    context,
    ...rest
  } = options
  const baseUrl = kind === 'ANTHROPIC' ? server.anthropic : server.openai
  const address = { kind, baseUrl, region: null, resourceName: null, apiVersion: null, accessKeyId: null }
  const access = { name: 'test', address, apiKey }
  const fetch = providerFetch(agent)
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
