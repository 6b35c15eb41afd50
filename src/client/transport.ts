/**
 * Requests to an Assay server over fetch, which every runtime has: queries and mutations as JSON, subscriptions as
 * server-sent events. A request that does not reach the server, or finds it overloaded, is repeated for a while.
 */
import { type Clock, systemClock } from './clock.ts'
import { ConnectionError, messageOf, RefusedError } from './errors.ts'
import { readEvents } from './server-sent-events.ts'

export interface TransportOptions {
  /** The server's URL; default: ASSAY_URL, else `http://127.0.0.1:4000`. */
  url?: string
  /** Default: ASSAY_API_KEY. */
  apiKey?: string
  /** The project of the requests, for keys of the installation; default: ASSAY_PROJECT, else that of the key. */
  project?: string
  /**
   * How long requests are repeated while the server cannot be reached, in milliseconds; default 300,000. Before its first
   * answer at most 15,000.
   */
  offlineMs?: number
  /** Default: the runtime's. */
  fetch?: typeof fetch
  /** Default: the system's. */
  clock?: Clock
}

/** An operation of GraphQL with its types, as code generators make it for documents in the form of texts. */
export interface Operation<Result, Variables> {
  __apiType?: (variables: Variables) => Result
  toString(): string
}

interface Answer<Result> {
  data?: Result | null
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string; path?: string[] } }[]
}

interface RequestOptions {
  signal?: AbortSignal
  /** Called before each repetition, with the number of failures so far. */
  onRepeat?: (failures: number) => void
}

/** A server that has never answered is more likely a wrong URL than a network that is away. */
const firstAnswerMs = 15_000
const firstPauseMs = 100
const maxPauseMs = 2_000
const repeatable = new Set([408, 429, 500, 502, 503, 504])

export class Transport {
  readonly url: string
  readonly clock: Clock
  readonly #headers: Record<string, string>
  readonly #offlineMs: number
  readonly #fetch: typeof fetch
  readonly #options: TransportOptions
  readonly #signal: AbortSignal | undefined
  /** Shared with what `until` makes. */
  readonly #contact: { answered: boolean }

  constructor(options: TransportOptions = {}, signal?: AbortSignal, contact = { answered: false }) {
    this.#options = options
    this.#signal = signal
    this.#contact = contact
    const env = environment()
    this.url = serverUrl(options.url ?? env.ASSAY_URL ?? 'http://127.0.0.1:4000')
    this.clock = options.clock ?? systemClock
    this.#offlineMs = options.offlineMs ?? 300_000
    this.#fetch = options.fetch ?? ((...request) => fetch(...request))
    const key = options.apiKey ?? env.ASSAY_API_KEY
    const project = options.project ?? env.ASSAY_PROJECT
    this.#headers = {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(project ? { 'x-assay-project': encodeURIComponent(project) } : {}),
    }
  }

  /** The same server, for requests that `signal` ends too. */
  until(signal: AbortSignal | undefined): Transport {
    return signal ? new Transport(this.#options, signal, this.#contact) : this
  }

  /**
   * Sends a query or mutation.
   * @throws {RefusedError} the server refused it
   * @throws {ConnectionError} the server could not be reached for `offlineMs`
   */
  async request<Result, Variables>(
    document: Operation<Result, Variables>,
    variables: Variables,
    options: RequestOptions = {},
  ): Promise<Result> {
    const body = JSON.stringify({ query: document.toString(), variables })
    const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' }
    const { response, text } = await this.send('/graphql', { method: 'POST', headers, body }, withText, options)
    const { data, errors } = read<Result>(text)
    const [error] = errors ?? []
    if (error) throw refusal(error)
    if (data == null) throw this.notAssay(response)
    return data
  }

  /**
   * Sends any request, and repeats it while the server cannot be reached.
   * @param receive takes what is wanted of the answer; a connection that is lost meanwhile is another reason to repeat
   * @throws {ConnectionError}
   * @throws whatever `signal` was aborted with
   */
  async send<T>(
    path: string,
    init: RequestInit,
    receive: (response: Response) => Promise<T>,
    { signal: own, onRepeat }: RequestOptions = {},
  ): Promise<T> {
    const signal = own && this.#signal ? AbortSignal.any([own, this.#signal]) : (own ?? this.#signal)
    const startedAt = this.clock.now()
    for (let failures = 0; ; failures += 1) {
      signal?.throwIfAborted()
      if (failures > 0) onRepeat?.(failures)
      const outcome = await this.#attempt(path, { ...init, signal: signal ?? null }, receive)
      if ('answer' in outcome) {
        this.#contact.answered = true
        return outcome.answer
      }
      signal?.throwIfAborted()
      const limitMs = this.#contact.answered ? this.#offlineMs : Math.min(this.#offlineMs, firstAnswerMs)
      if (this.clock.now() - startedAt >= limitMs) {
        throw new ConnectionError(`There is no Assay server at ${this.url}: ${outcome.reason}.`, {
          cause: outcome.cause,
        })
      }
      await this.clock.sleep(Math.min(maxPauseMs, firstPauseMs * 2 ** failures), signal)
    }
  }

  /**
   * Events of a subscription until the server ends it. The subscriber knows where to resume after a ConnectionError.
   * @throws {RefusedError} the server refused it
   * @throws {ConnectionError} the connection was lost
   */
  async *subscribe<Result, Variables>(
    document: Operation<Result, Variables>,
    variables: Variables,
    signal?: AbortSignal,
  ): AsyncGenerator<Result> {
    const stop = new AbortController()
    const abort = () => stop.abort(signal?.reason)
    signal?.addEventListener('abort', abort)
    try {
      const body = JSON.stringify({ query: document.toString(), variables })
      const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
      const response = await this.send('/graphql', { method: 'POST', headers, body }, head, { signal: stop.signal })
      if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
        const [error] = read(await response.text()).errors ?? []
        throw error ? refusal(error) : this.notAssay(response)
      }
      for await (const { event, data } of readEvents(response)) {
        if (event === 'complete') return
        if (event !== 'next') continue
        const { data: result, errors } = JSON.parse(data) as Answer<Result>
        const [error] = errors ?? []
        if (error) throw refusal(error)
        if (result) yield result
      }
      throw new ConnectionError(`${this.url} ended the subscription early.`)
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof RefusedError || error instanceof ConnectionError) throw error
      throw new ConnectionError(`The connection to ${this.url} was lost: ${messageOf(error)}.`, { cause: error })
    } finally {
      signal?.removeEventListener('abort', abort)
      stop.abort()
    }
  }

  async #attempt<T>(
    path: string,
    init: RequestInit,
    receive: (response: Response) => Promise<T>,
  ): Promise<{ answer: T } | { reason: string; cause?: unknown }> {
    try {
      const headers = { ...this.#headers, ...(init.headers as Record<string, string>) }
      const response = await this.#fetch(`${this.url}${path}`, { ...init, headers })
      if (!repeatable.has(response.status)) return { answer: await receive(response) }
      await response.body?.cancel()
      return { reason: `it answers with status ${response.status}` }
    } catch (error) {
      if (error instanceof RefusedError) throw error
      const { cause } = error as Error
      return { reason: messageOf(cause ?? error), cause: error }
    }
  }

  /** The refusal of an answer that is none of Assay's. */
  notAssay({ status }: Response): RefusedError {
    return new RefusedError(`Expected an Assay server at ${this.url}, got an answer with status ${status}.`, 'UNKNOWN')
  }
}

/** The whole answer, for {@link Transport.send}. */
export async function withText(response: Response): Promise<{ response: Response; text: string }> {
  return { response, text: await response.text() }
}

/** The answer as soon as its head is there, for {@link Transport.send}: its body is read as it comes. */
export async function head(response: Response): Promise<Response> {
  return response
}

function read<Result>(text: string): Answer<Result> {
  try {
    return JSON.parse(text) as Answer<Result>
  } catch {
    return {}
  }
}

function refusal({ message, extensions }: NonNullable<Answer<unknown>['errors']>[number]): RefusedError {
  const hint = extensions?.code === 'UNAUTHENTICATED' ? ' Pass an apiKey, or set ASSAY_API_KEY.' : ''
  return new RefusedError(`${message}${hint}`, extensions?.code ?? 'UNKNOWN', extensions?.path ?? null)
}

/** @throws {TypeError} when it is invalid */
function serverUrl(text: string): string {
  try {
    const url = new URL(text)
    if (/^https?:$/.test(url.protocol)) return `${url.origin}${url.pathname.replace(/(\/graphql)?\/?$/, '')}`
  } catch {
    // Refused below.
  }
  throw new TypeError(`Expected the URL of a server like http://127.0.0.1:4000, got ${JSON.stringify(text)}.`)
}

/** The environment variables, where there are any. */
export function environment(): Record<string, string | undefined> {
  return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {}
}
