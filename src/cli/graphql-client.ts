/** An ordinary client of an Assay server: requests over HTTP, subscriptions over the graphql-ws protocol. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type GraphQLFormattedError, print } from 'graphql'
import { type Client, createClient } from 'graphql-ws'
import { CliError } from './cli-error.ts'

/** The header for servers that want an API key: that of ASSAY_API_KEY, if there is one. */
export function authorization(): { authorization?: string } {
  const key = process.env.ASSAY_API_KEY
  return key ? { authorization: `Bearer ${key}` } : {}
}

export class GraphQLClient {
  readonly url: string
  readonly #socket: Client
  readonly #project: { 'x-assay-project'?: string }

  /**
   * @param url of the server, e.g. `http://127.0.0.1:4000`. No connection is made yet.
   * @param project that requests are for; default: that of the key
   */
  constructor(url: string, project?: string) {
    this.url = serverUrl(url)
    this.#project = project === undefined ? {} : { 'x-assay-project': encodeURIComponent(project) }
    // Whoever subscribes knows from which cursor to go on, so reconnecting is theirs.
    this.#socket = createClient({
      url: `${this.url.replace(/^http/, 'ws')}/graphql`,
      connectionParams: { ...authorization(), project },
      retryAttempts: 0,
    })
  }

  /** @throws {CliError} when nobody answers, or the server refuses the operation. */
  async request<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...authorization(),
        ...this.#project,
      },
      body: JSON.stringify({ query: print(document), variables }),
    }).catch((error: unknown) => {
      throw unreachable(this.url, error)
    })
    const answer = (await response.json().catch(() => {
      throw new CliError(`What answers at ${this.url} is not an Assay server. Name another with --url.`)
    })) as { data?: Result | null; errors?: GraphQLFormattedError[] }
    if (answer.errors || !answer.data) {
      throw new CliError(`${this.url} refused: ${answer.errors?.map(({ message }) => message).join('; ')}`)
    }
    return answer.data
  }

  /** Events until the server ends the subscription. @throws {CliError} an error of the operation, {ConnectionLost}. */
  async *subscribe<Result, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
  ): AsyncGenerator<Result> {
    const events = this.#socket.iterate<Result>({ query: print(document), variables })
    try {
      for await (const { data, errors } of events) {
        if (errors) throw new CliError(errors.map(({ message }) => message).join('; '))
        if (data) yield data
      }
    } catch (error) {
      if (error instanceof CliError) throw error
      if (Array.isArray(error)) throw new CliError(error.map(({ message }) => message).join('; '))
      throw new ConnectionLost(`The connection to ${this.url} was lost.`, { cause: error })
    }
  }

  /** Closes the socket. Idempotent. */
  async close(): Promise<void> {
    await this.#socket.dispose()
  }
}

/** The socket closed before the subscription ended. */
export class ConnectionLost extends CliError {}

/** The error that says nobody is there. */
export function unreachable(url: string, cause: unknown): CliError {
  return new CliError(`No Assay server answers at ${url}. Start one with \`npm start\`, or name another with --url.`, {
    cause,
  })
}

/** A server's URL without what people add to it. @throws {CliError} when it is none. */
export function serverUrl(text: string): string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new CliError(`Expected the URL of a server like http://127.0.0.1:4000, got ${JSON.stringify(text)}.`)
  }
  return `${url.origin}${url.pathname.replace(/(\/graphql)?\/?$/, '')}`
}
