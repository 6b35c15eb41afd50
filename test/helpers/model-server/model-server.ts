/**
 * A server of models on a free port: OpenAI's Chat Completions and Responses under `/v1`, Anthropic's Messages under
 * `/anthropic/v1`, each with its list of models. What it answers is up to the test.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { anthropic } from './anthropic.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import { type Answer, isRaw, isRefusal, type ModelRequest, type Protocol, type Reply } from './reply.ts'

export interface ModelServer extends AsyncDisposable {
  /** Base URLs of the protocols. */
  openai: string
  anthropic: string
  /** In the order of their arrival. */
  requests: ModelRequest[]
  /** Requests that have no complete answer yet. */
  readonly open: number
  stop(): Promise<void>
}

export type Answering = (request: ModelRequest) => Reply | Promise<Reply>

const protocols: Record<string, Protocol> = {
  '/v1/chat/completions': openaiChat,
  '/v1/responses': openaiResponses,
  '/anthropic/v1/messages': anthropic,
}

/** @param models in the lists of models @param port default: any free one */
export async function startModelServer(
  answering: Answering,
  { models = ['gpt-4o-mini'], port = 0 }: { models?: string[]; port?: number } = {},
): Promise<ModelServer> {
  const requests: ModelRequest[] = []
  const attempts = new Map<string, number>()
  let open = 0
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    if (path.endsWith('/models')) {
      const reply = await answering(modelRequest(request, { model: '', messages: [] }, 0))
      if (isRefusal(reply)) return send(response, reply.status, openaiChat.refusal(reply), reply.headers)
      return send(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model' })) })
    }
    const protocol = protocols[path]
    if (!protocol) return send(response, 404, { error: { message: `no route ${path}`, type: 'not_found' } })
    open += 1
    response.once('close', () => {
      open -= 1
    })
    const body = JSON.parse(await text(request))
    const asked = modelRequest(request, body, 0)
    const key = `${asked.model}\n${asked.prompt}`
    asked.attempt = (attempts.get(key) ?? 0) + 1
    attempts.set(key, asked.attempt)
    requests.push(asked)
    await reply(response, protocol, asked, await answering(asked))
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
    openai: `${origin}/v1`,
    anthropic: `${origin}/anthropic/v1`,
    requests,
    get open() {
      return open
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

// biome-ignore lint/suspicious/noExplicitAny: three protocols
function modelRequest({ headers }: IncomingMessage, body: any, attempt: number): ModelRequest {
  const messages = body.messages ?? body.input ?? []
  return {
    model: body.model,
    stream: body.stream === true,
    prompt: textOf(messages.at(-1)?.content),
    attempt,
    headers: headers as Record<string, string>,
    body,
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: string }) => part.text ?? '').join('')
}

async function reply(response: ServerResponse, protocol: Protocol, asked: ModelRequest, reply: Reply): Promise<void> {
  if (isRaw(reply)) {
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers }).end(reply.raw)
    return
  }
  if (isRefusal(reply)) return send(response, reply.status, protocol.refusal(reply), reply.headers)
  const answer: Answer = { usage: { input: 10, output: 5 }, ...reply }
  if (answer.delayMs) await delay(answer.delayMs)
  if (asked.stream) return stream(response, protocol, asked, answer)
  if (answer.stallAfter !== undefined) return
  if (answer.cutAfter !== undefined) return void response.destroy()
  send(response, 200, protocol.body(answer, asked.model), answer.headers)
}

async function stream(
  response: ServerResponse,
  protocol: Protocol,
  { model }: ModelRequest,
  answer: Answer,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...answer.headers })
  const { before, parts, after } = protocol.events(answer, model)
  response.write(before.join(''))
  for (const [n, part] of parts.entries()) {
    if (n === answer.stallAfter) return
    if (n === answer.cutAfter) return void response.destroy()
    if (n === answer.pause?.after) await answer.pause.until
    if (response.destroyed) return
    response.write(part)
    if (answer.partMs) await delay(answer.partMs)
  }
  response.end(after.join(''))
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
