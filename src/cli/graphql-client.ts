/** An ordinary client of an Assay server: requests over HTTP, subscriptions over the graphql-ws protocol. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type GraphQLFormattedError, print } from 'graphql'
import { type Client, CloseCode, createClient } from 'graphql-ws'
import manifest from '../../package.json' with { type: 'json' }
import { CliError, UsageError } from './cli-error.ts'

/**
 * The header for servers that require an API key, if ASSAY_API_KEY is set.
 * @throws {UsageError} it has a character that no key has
 */
function authorization(): { authorization?: string } {
  // Files and secrets often end with a line end.
  const key = process.env.ASSAY_API_KEY?.trim()
  if (!key) return {}
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new UsageError(
      'ASSAY_API_KEY: expected a key like assay_…, got a text with spaces, line ends or other characters.',
    )
  }
  return { authorization: `Bearer ${key}` }
}

/** The headers that say who asks, in which project (default: that of the key). */
export function requestHeaders(project?: string): Record<string, string> {
  return { ...authorization(), ...(project === undefined ? {} : { 'x-assay-project': encodeURIComponent(project) }) }
}

/** The message for a refused request: with status 401, also what to do. */
export function explainRefusal(url: string, status: number | undefined, message: string): string {
  if (status !== 401) return message
  return `${message} Set ASSAY_API_KEY to a key of ${url}; on the machine of the server, \`assay keys create <name>\` makes one.`
}

export class GraphQLClient {
  readonly url: string
  /** Whether the server ends with this command, and the addresses of its pages with it. */
  readonly isTemporary: boolean
  readonly #socket: Client
  readonly #headers: Record<string, string>

  /**
   * @param url the server's URL, e.g. `http://127.0.0.1:4000`. Does not connect yet.
   * @param project the project of the requests; default: that of the key
   */
  constructor(url: string, project?: string, isTemporary = false) {
    this.url = serverUrl(url)
    this.isTemporary = isTemporary
    this.#headers = requestHeaders(project)
    const silence = new Silence(() => this.#socket.terminate())
    // Reconnecting is up to the subscriber, which knows the cursor to resume from.
    this.#socket = createClient({
      url: `${this.url.replace(/^http/, 'ws')}/graphql`,
      connectionParams: { ...authorization(), project },
      retryAttempts: 0,
      keepAlive: pingMs,
      on: {
        connecting: () => silence.begin(),
        connected: () => silence.end(),
        ping: (received) => received || silence.begin(),
        pong: (received) => received && silence.end(),
        closed: () => silence.end(),
      },
    })
  }

  /** @throws {CliError} when the server is unreachable or refuses the operation. */
  async request<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...this.#headers,
      },
      body: JSON.stringify({ query: print(document), variables }),
    }).catch((error: unknown) => {
      throw unreachable(this.url, error)
    })
    const answer = (await response.json().catch(() => null)) as {
      data?: Result | null
      errors?: GraphQLFormattedError[]
    } | null
    if (answer?.data && !answer.errors) return answer.data
    if (!answer?.errors) throw notAssay(this.url, response.status)
    if (answer.errors.some(({ extensions }) => extensions?.code === 'GRAPHQL_VALIDATION_FAILED')) {
      throw new CliError(
        `${this.url} is of another version of Assay than this command (${manifest.version}): use the same for both. It says: ${messagesOf(answer.errors)}`,
      )
    }
    throw new CliError(`${this.url} refused: ${explainRefusal(this.url, response.status, messagesOf(answer.errors))}`)
  }

  /**
   * Events until the server ends the subscription.
   * @throws {CliError} an error of the operation, or the key was revoked
   * @throws {ConnectionLost}
   */
  async *subscribe<Result, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
  ): AsyncGenerator<Result> {
    const events = this.#socket.iterate<Result>({ query: print(document), variables })
    try {
      for await (const { data, errors } of events) {
        if (errors) throw refused(errors)
        if (data) yield data
      }
    } catch (error) {
      if (error instanceof CliError) throw error
      if (Array.isArray(error)) throw refused(error)
      const { code, reason } = error as Partial<CloseEvent>
      if (code === CloseCode.Forbidden) {
        throw new CliError(explainRefusal(this.url, 401, `${this.url} ended the connection: ${reason}.`))
      }
      throw new ConnectionLost(`The connection to ${this.url} was lost.`, { cause: error })
    }
  }

  /** Closes the socket. Idempotent. */
  async close(): Promise<void> {
    const impatience = setTimeout(() => this.#socket.terminate(), closingMs)
    // Rejects where a connection was just being made.
    await Promise.resolve(this.#socket.dispose()).catch(() => {})
    clearTimeout(impatience)
  }
}

/** How often a connection without events is tried, and how long it may say nothing then. */
const pingMs = 10_000
const closingMs = 1_000

/** Whether a server that should say something does: a machine that is gone closes no connection. */
class Silence {
  readonly #onTooLong: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(onTooLong: () => void) {
    this.#onTooLong = onTooLong
  }

  begin(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#onTooLong, pingMs)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

function messagesOf(errors: readonly GraphQLFormattedError[]): string {
  return errors.map(({ message }) => message).join('; ')
}

function refused(errors: readonly GraphQLFormattedError[]): CliError {
  const message = messagesOf(errors)
  return errors.some(({ extensions }) => extensions?.code === 'CURSOR_EXPIRED')
    ? new CursorExpired(message)
    : new CliError(message)
}

/** The socket closed before the subscription ended. */
export class ConnectionLost extends CliError {}

/** The database was restored since the cursor: start over without one. */
export class CursorExpired extends CliError {}

/** The server does not answer, perhaps only now. */
export class Unreachable extends CliError {}

/** The error for a server that does not answer. */
export function unreachable(url: string, error: unknown): Unreachable {
  const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException
  const why = code === 'ECONNREFUSED' ? '' : ` (${code ?? message})`
  return new Unreachable(
    `There is no Assay server at ${url}${why}. Start one with \`assay serve\`, or say with --url or ASSAY_URL where it is.`,
    { cause: error },
  )
}

/** The error for what answers there in place of an Assay server. */
export function notAssay(url: string, status: number): CliError {
  // Proxies say so while the server behind them is away.
  if (status === 502 || status === 503 || status === 504) {
    return new Unreachable(`The Assay server behind ${url} does not answer (status ${status}).`)
  }
  return new CliError(`The server at ${url} is not an Assay server (status ${status}). Use --url for another one.`)
}

/** A server's URL without a trailing `/graphql` or slash. @throws {UsageError} when it is invalid. */
export function serverUrl(text: string): string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`Expected the URL of a server like http://127.0.0.1:4000, got ${JSON.stringify(text)}.`)
  }
  return `${url.origin}${url.pathname.replace(/(\/graphql)?\/?$/, '')}`
}
