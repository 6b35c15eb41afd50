/** An ordinary client of an Assay server: requests over HTTP, subscriptions over the graphql-ws protocol. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type GraphQLFormattedError, print } from 'graphql'
import { type Client, CloseCode, createClient } from 'graphql-ws'
import { CliError } from './cli-error.ts'

/** The header for servers that require an API key, if ASSAY_API_KEY is set. */
function authorization(): { authorization?: string } {
  const key = process.env.ASSAY_API_KEY
  return key ? { authorization: `Bearer ${key}` } : {}
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
  readonly #socket: Client
  readonly #headers: Record<string, string>

  /**
   * @param url the server's URL, e.g. `http://127.0.0.1:4000`. Does not connect yet.
   * @param project the project of the requests; default: that of the key
   */
  constructor(url: string, project?: string) {
    this.url = serverUrl(url)
    this.#headers = requestHeaders(project)
    // Reconnecting is up to the subscriber, which knows the cursor to resume from.
    this.#socket = createClient({
      url: `${this.url.replace(/^http/, 'ws')}/graphql`,
      connectionParams: { ...authorization(), project },
      retryAttempts: 0,
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
    const answer = (await response.json().catch(() => {
      throw new CliError(`The server at ${this.url} is not an Assay server. Use --url for another one.`)
    })) as { data?: Result | null; errors?: GraphQLFormattedError[] }
    if (answer.errors || !answer.data) {
      const messages = answer.errors?.map(({ message }) => message).join('; ') ?? 'no data'
      throw new CliError(`${this.url} refused: ${explainRefusal(this.url, response.status, messages)}`)
    }
    return answer.data
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
    await this.#socket.dispose()
  }
}

function refused(errors: readonly GraphQLFormattedError[]): CliError {
  const message = errors.map(({ message }) => message).join('; ')
  return errors.some(({ extensions }) => extensions?.code === 'CURSOR_EXPIRED')
    ? new CursorExpired(message)
    : new CliError(message)
}

/** The socket closed before the subscription ended. */
export class ConnectionLost extends CliError {}

/** The database was restored since the cursor: start over without one. */
export class CursorExpired extends CliError {}

/** The error for an unreachable server. */
export function unreachable(url: string, cause: unknown): CliError {
  return new CliError(
    `There is no Assay server at ${url}. Start one with \`assay serve\`, or say with --url or ASSAY_URL where it is.`,
    { cause },
  )
}

/** A server's URL without a trailing `/graphql` or slash. @throws {CliError} when it is invalid. */
export function serverUrl(text: string): string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new CliError(`Expected the URL of a server like http://127.0.0.1:4000, got ${JSON.stringify(text)}.`)
  }
  return `${url.origin}${url.pathname.replace(/(\/graphql)?\/?$/, '')}`
}
