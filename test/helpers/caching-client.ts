import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import type { TestServer } from './server.ts'

export interface CachedNode {
  id: string
}

/**
 * A client that keeps what a feed sends by id, as docs/feed.md describes it, and whose socket can be cut.
 * @param field the subscription field, with `after: $after`
 */
export class CachingClient {
  readonly cache = new Map<string, CachedNode>()
  /** Drops the connection without a word to the server; null without one. */
  cut: (() => Promise<void>) | null = null
  readonly #t: TestServer
  readonly #query: string
  #cursor: string | null = null

  constructor(t: TestServer, field: string, selection: string) {
    this.#t = t
    this.#query = `subscription ($after: String) { feed: ${field} { cursor ${selection} } }`
  }

  /** Subscribes after the last cursor. */
  connect(): void {
    const sockets: WebSocket[] = []
    const client = createClient({
      url: `${this.#t.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: { opened: (socket) => void sockets.push(socket as WebSocket) },
    })
    // A lost connection is no Error.
    const ended = this.#merge(client).catch((error: unknown) => {
      if (error instanceof Error) throw error
    })
    this.cut = async () => {
      this.cut = null
      for (const socket of sockets) socket.terminate()
      void client.dispose()
      await ended
    }
  }

  async #merge(client: ReturnType<typeof createClient>): Promise<void> {
    const variables = { after: this.#cursor }
    // biome-ignore lint/suspicious/noExplicitAny: what it has depends on the field
    for await (const { data, errors } of client.iterate<any>({ query: this.#query, variables })) {
      if (errors) throw new Error(JSON.stringify(errors))
      const { cursor, run, runs = [run], items = [], deletedRunIds = [] } = data.feed
      if (run === null) this.cache.clear()
      for (const node of [...runs, ...items]) if (node) this.cache.set(node.id, node)
      for (const id of deletedRunIds) this.cache.delete(id)
      this.#cursor = cursor
    }
  }
}
