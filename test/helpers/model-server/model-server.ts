/**
 * A server of models on a free port: OpenAI's Chat Completions and Responses under `/v1`, Anthropic's Messages under
 * `/anthropic/v1`, Google's under `/google/v1beta`, Azure's under `/azure/openai` and Bedrock's under `/bedrock`, with their
 * lists of models. What it answers is up to the test.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProviderKind } from '../../../src/domain/model/provider.ts'
import { anthropic } from './anthropic.ts'
import { azureDeployment, azureResponses } from './azure.ts'
import { bedrock } from './bedrock.ts'
import { google } from './google.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiDecisions, openaiResponses } from './openai-responses.ts'
import { type Answer, isRaw, isRefusal, type ModelRequest, type Protocol, type Reply } from './reply.ts'

export interface ModelServer extends AsyncDisposable {
  origin: string
  /** The base URL of OpenAI's protocols. */
  openai: string
  /** In the order of their arrival. */
  requests: ModelRequest[]
  /** Requests that have no complete answer yet. */
  readonly open: number
  stop(): Promise<void>
}

export type Answering = (request: ModelRequest) => Reply | Promise<Reply>

const protocols = [
  openaiChat,
  openaiResponses,
  openaiDecisions,
  anthropic,
  google,
  azureResponses,
  azureDeployment,
  bedrock,
]

/** The base URL of the provider's protocol. */
export function baseUrlOf({ origin }: Pick<ModelServer, 'origin'>, kind: ProviderKind): string {
  return `${origin}${paths[kind] ?? '/v1'}`
}

const paths: Partial<Record<ProviderKind, string>> = {
  ANTHROPIC: '/anthropic/v1',
  GOOGLE: '/google/v1beta',
  AZURE: '/azure/openai',
  BEDROCK: '/bedrock',
}

/** @param models in the lists of models @param port default: any free one */
export async function startModelServer(
  answering: Answering,
  { models = ['gpt-4o-mini'], port = 0 }: { models?: string[]; port?: number } = {},
): Promise<ModelServer> {
  const requests: ModelRequest[] = []
  const attempts = new Map<string, number>()
  let open = 0
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?')[0] ?? ''
    if (path.endsWith('/models')) {
      const isGoogle = path.startsWith('/google')
      const reply = await answering(modelRequest(request, {}, {}))
      const { refusal } = isGoogle ? google : openaiChat
      if (isRefusal(reply)) return send(response, reply.status, refusal(reply), reply.headers)
      return send(response, 200, isGoogle ? googleList(models) : openaiList(models))
    }
    if (path.endsWith('/embeddings')) {
      const asked = modelRequest(request, JSON.parse(await text(request)), {})
      requests.push(asked)
      const reply = await answering(asked)
      if (isRaw(reply)) return void response.writeHead(reply.status ?? 200, reply.headers).end(reply.raw)
      if (isRefusal(reply)) return send(response, reply.status, openaiChat.refusal(reply), reply.headers)
      return send(response, 200, embeddings(reply))
    }
    const protocol = protocols.find(({ route }) => route.test(path))
    if (!protocol) return send(response, 404, { error: { message: `no route ${path}`, type: 'not_found' } })
    open += 1
    response.once('close', () => {
      open -= 1
    })
    const body = JSON.parse(await text(request))
    const asked = modelRequest(request, body, protocol.route.exec(path)?.groups ?? {})
    const key = `${asked.model}\n${asked.prompt}`
    asked.attempt = (attempts.get(key) ?? 0) + 1
    attempts.set(key, asked.attempt)
    requests.push(asked)
    await reply(response, protocol, asked, await answering(asked))
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (!request.errored) throw error
    })
  })
  server.keepAliveTimeout = 60_000
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = async () => {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return {
    origin,
    openai: `${origin}/v1`,
    requests,
    get open() {
      return open
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function modelRequest(
  { headers, url = '' }: IncomingMessage,
  // biome-ignore lint/suspicious/noExplicitAny: many protocols
  body: any,
  { model, call }: { model?: string; call?: string },
): ModelRequest {
  const last = (body.messages ?? body.input ?? body.contents ?? []).at(-1)
  return {
    model: model === undefined ? (body.model ?? '') : decodeURIComponent(model),
    stream: call === undefined ? body.stream === true : call.includes('stream'),
    prompt: textOf(last?.content ?? last?.parts),
    attempt: 0,
    url,
    headers: headers as Record<string, string>,
    body,
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: string }) => part.text ?? '').join('')
}

function embeddings({ embeddings = [], usage }: Answer) {
  const data = embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding }))
  return { object: 'list', data, ...(usage && { usage: { prompt_tokens: usage.input, total_tokens: usage.input } }) }
}

function openaiList(models: readonly string[]) {
  return { object: 'list', data: models.map((id) => ({ id, object: 'model' })) }
}

function googleList(models: readonly string[]) {
  return { models: models.map((id) => ({ name: `models/${id}`, displayName: id })) }
}

async function reply(response: ServerResponse, protocol: Protocol, asked: ModelRequest, reply: Reply): Promise<void> {
  if (isRaw(reply)) {
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers }).end(reply.raw)
    return
  }
  if (isRefusal(reply)) {
    const headers = { ...protocol.refusalHeaders?.(reply), ...reply.headers }
    return send(response, reply.status, protocol.refusal(reply), headers)
  }
  const answer: Answer = { usage: { input: 10, output: 5 }, ...reply }
  if (answer.delayMs) await delay(answer.delayMs)
  if (asked.stream) return stream(response, protocol, asked, answer)
  if (answer.stallAfter !== undefined) return
  if (answer.cutAfter !== undefined) return void response.destroy()
  send(response, 200, protocol.body(answer, answer.model ?? asked.model), answer.headers)
}

async function stream(
  response: ServerResponse,
  protocol: Protocol,
  { model }: ModelRequest,
  answer: Answer,
): Promise<void> {
  response.writeHead(200, { 'content-type': protocol.streamType ?? 'text/event-stream', ...answer.headers })
  const { before, parts, after } = protocol.events(answer, answer.model ?? model)
  response.write(joined(before))
  for (const [n, part] of parts.entries()) {
    if (n === answer.stallAfter) return
    if (n === answer.cutAfter) return void response.destroy()
    if (n === answer.pause?.after) await answer.pause.until
    if (response.destroyed) return
    response.write(part)
    if (answer.partMs) await delay(answer.partMs)
  }
  response.end(joined(after))
}

function joined(events: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(events.map((event) => Buffer.from(event)))
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
