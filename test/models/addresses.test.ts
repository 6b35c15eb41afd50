/** Where requests to providers go, and with which key. */
import { createHash, createHmac } from 'node:crypto'
import { Agent, type Dispatcher } from 'undici'
import { afterAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import type { ProviderKind } from '../../src/domain/model/provider.ts'
import { providerFetch } from '../../src/models/provider-fetch.ts'
import { type CallOptions, call, testKey } from '../helpers/model-call.ts'
import { startModelServer } from '../helpers/model-server/model-server.ts'
import type { ModelRequest } from '../helpers/model-server/reply.ts'

const server = await startModelServer(() => ({ status: 400, type: 'x', message: 'Only asked' }))
afterAll(() => server.stop())
beforeEach(() => {
  server.requests.length = 0
})

/** The URL of the request that a provider gets at the address that it usually has. */
async function urlOf(options: CallOptions): Promise<string> {
  const urls: string[] = []
  const intercept: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (request, handler) => {
    urls.push(`${request.origin}${request.path}`)
    return dispatch({ ...request, origin: server.origin }, handler)
  }
  const fetch = providerFetch(new Agent().compose(intercept))
  await call(server, { ...options, address: { baseUrl: null, ...options.address }, fetch }).catch(() => {})
  expect(urls).toHaveLength(1)
  return urls[0] as string
}

it.each<[ProviderKind, CallOptions['address'], string]>([
  ['OPENAI', {}, 'https://api.openai.com/v1/responses'],
  ['ANTHROPIC', {}, 'https://api.anthropic.com/v1/messages'],
  ['GOOGLE', {}, 'https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent?alt=sse'],
  ['AZURE', { resourceName: 'ours' }, 'https://ours.openai.azure.com/openai/v1/responses?api-version=v1'],
  [
    'AZURE',
    { resourceName: 'ours', apiVersion: 'preview' },
    'https://ours.openai.azure.com/openai/v1/responses?api-version=preview',
  ],
  [
    'AZURE',
    { resourceName: 'ours', apiVersion: '2024-10-21' },
    'https://ours.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21',
  ],
  ['BEDROCK', { region: 'eu-west-1' }, 'https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/converse-stream'],
  ['BEDROCK', { region: 'cn-north-1' }, 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn/model/m/converse-stream'],
  ['OPENROUTER', {}, 'https://openrouter.ai/api/v1/chat/completions'],
  ['OLLAMA', {}, 'http://127.0.0.1:11434/v1/chat/completions'],
])('%s %j is called at %s', async (kind, address, url) => {
  expect(await urlOf({ kind, model: 'm', address })).toBe(url)
})

it('gets no key or address of the environment that it was not given', async () => {
  const environment = {
    OPENAI_API_KEY: 'sk-of-the-machine',
    GOOGLE_GENERATIVE_AI_API_KEY: 'sk-of-the-machine',
    AWS_BEARER_TOKEN_BEDROCK: 'sk-of-the-machine',
    AWS_SESSION_TOKEN: 'sk-of-the-machine',
    AWS_ENDPOINT_URL: 'https://elsewhere.example',
    OPENAI_BASE_URL: 'https://elsewhere.example',
  }
  Object.assign(process.env, environment)
  onTestFinished(() => {
    for (const name of Object.keys(environment)) delete process.env[name]
  })
  await call(server, { apiKey: null }).catch(() => {})
  await call(server, { apiKey: null, kind: 'OPENAI' }).catch(() => {})
  await call(server, { apiKey: null, kind: 'GOOGLE' }).catch(() => {})
  await call(server, { kind: 'BEDROCK', address: { region: 'r', accessKeyId: 'AKIDEXAMPLE' } }).catch(() => {})
  expect(server.requests).toHaveLength(4)
  expect(JSON.stringify(server.requests.map(({ headers }) => headers))).not.toContain('sk-of-the-machine')
})

it('signs requests to Bedrock with the secret of an access key, which is not sent', async () => {
  const address = { region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE' }
  await call(server, { kind: 'BEDROCK', model: 'amazon.nova-lite-v1:0', address }).catch(() => {})
  const [sent] = server.requests as [ModelRequest]
  expect(JSON.stringify(sent)).not.toContain(testKey)
  expect(sent.headers.authorization).toBe(signatureOf(sent, { ...address, secret: testKey }))
})

/** AWS Signature Version 4 of a request as it arrived. */
function signatureOf(
  { url, headers, body }: ModelRequest,
  { region, accessKeyId, secret }: { region: string; accessKeyId: string; secret: string },
): string {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const signed = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? ''
  const time = headers['x-amz-date'] as string
  const scope = `${time.slice(0, 8)}/${region}/bedrock/aws4_request`
  const lines = signed.split(';').map((name) => `${name}:${headers[name]}\n`)
  const path = url.split('/').map(encodeURIComponent).join('/')
  const canonical = ['POST', path, '', lines.join(''), signed, sha256(JSON.stringify(body))].join('\n')
  const key = ['bedrock', 'aws4_request'].reduce<Buffer>(
    (made, part) => hmac(made, part),
    hmac(hmac(`AWS4${secret}`, time.slice(0, 8)), region),
  )
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`
}
