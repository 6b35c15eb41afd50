import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import pg from 'pg'

/** Channels of PostgreSQL's NOTIFY. Messages only wake readers: what is true stands in the tables. */
export const channels = {
  /** `<run id>:<seq>`: rows of the run changed. */
  run: 'assay_run',
  /** `<run id>`: its calls in flight are to be aborted. */
  abort: 'assay_abort',
  /** Empty: a lane is waiting for a worker. `<run id>`: its lanes have other slots. */
  lane: 'assay_lane',
  /** Empty: limits or pauses of endpoints changed. */
  endpoint: 'assay_endpoint',
  /** `<holder> <project id> <endpoint>`: a process wants permits of the endpoint, or gave some back. */
  permit: 'assay_permit',
  /** Empty: API keys were made or revoked. */
  key: 'assay_key',
  /** A random text: whether its sender hears. */
  echo: 'assay_echo',
} as const

export type Channel = (typeof channels)[keyof typeof channels]

const reconnectDelayMs = 250

/**
 * Hears NOTIFYs on one connection of its own, reconnecting for as long as it is open. Whoever listens must also look
 * by itself now and then: messages sent while the connection is down are lost; `reconnected` says that some may be.
 */
export class Listener {
  readonly #url: string
  readonly #events = new EventEmitter().setMaxListeners(0)
  #client: pg.Client | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(url: string) {
    this.#url = url
  }

  /** Connects; from then on it keeps itself connected. @throws when the first connection fails. */
  async start(): Promise<this> {
    await this.#connect()
    return this
  }

  /** Calls `heard` for every message of a channel, and `missed` when some may have been lost; returns the way to stop. */
  on(channel: Channel, heard: (payload: string) => void, missed?: () => void): () => void {
    this.#events.on(channel, heard)
    if (missed) this.#events.on('reconnected', missed)
    return () => {
      this.#events.off(channel, heard)
      if (missed) this.#events.off('reconnected', missed)
    }
  }

  /**
   * Resolves when a message that goes out through `sender` came back: the whole way works, also through what may stand
   * between us and the database.
   * @throws when not connected, or when the message cannot be sent; `signal` ends a wait in vain
   */
  async hearItself(sender: Pick<pg.Pool, 'query'>, signal: AbortSignal): Promise<void> {
    if (!this.#client) throw new Error('the connection that listens is down')
    const message = randomUUID()
    const { promise, resolve } = Promise.withResolvers<void>()
    const off = this.on(channels.echo, (heard) => heard === message && resolve())
    signal.addEventListener('abort', () => resolve(), { once: true })
    try {
      await sender.query('SELECT pg_notify($1, $2)', [channels.echo, message])
      await promise
    } finally {
      off()
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#client?.end().catch(() => {})
    this.#client = null
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, keepAlive: true })
    client.on('error', () => this.#lost(client))
    client.on('end', () => this.#lost(client))
    client.on('notification', ({ channel, payload }) => this.#events.emit(channel, payload ?? ''))
    await client.connect()
    for (const channel of Object.values(channels)) await client.query(`LISTEN ${channel}`)
    if (this.#closed) return client.end()
    this.#client = client
  }

  #lost(client: pg.Client): void {
    if (this.#closed || client !== this.#client) return
    this.#client = null
    this.#reconnectLater()
  }

  #reconnectLater(): void {
    this.#timer = setTimeout(() => {
      this.#connect().then(
        () => this.#events.emit('reconnected'),
        () => !this.#closed && this.#reconnectLater(),
      )
    }, reconnectDelayMs)
  }
}
