import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { hostname } from 'node:os'
import pg from 'pg'
import type { Queryable } from './client.ts'

/** PostgreSQL's NOTIFY channels. Messages only wake readers: the state itself is in the tables. */
export const channels = {
  /** `<run id>:<seq>`: rows of the run changed, or it was deleted. */
  run: 'assay_run',
  /** `<run id>`: abort its calls in flight. */
  abort: 'assay_abort',
  /** Empty: a lane is waiting for a worker. */
  lane: 'assay_lane',
  /** `<run id>`: the slots of its lanes changed. */
  runSettings: 'assay_run_settings',
  /** Empty: limits or pauses of endpoints changed. */
  endpoint: 'assay_endpoint',
  /** `<holder> <project id> <endpoint>`: a process wants permits of the endpoint, or returned some. */
  permit: 'assay_permit',
  /** Empty: an evaluator is to be previewed by a worker. */
  preview: 'assay_preview',
  /** `<run id>:<ordinal> …`: somebody watches what models write for these items. */
  watch: 'assay_watch',
  /** Empty: a worker has just begun to listen, and asks what is watched. */
  watching: 'assay_watching',
  /** `<run id>:<ordinal> …`: what models wrote for these items is in the table. */
  text: 'assay_text',
  /** Empty: a dataset or an experiment was changed. Sent by triggers. */
  dataset: 'assay_dataset',
  /** Empty: what callers may do has changed, by their keys, sessions or projects. Sent by triggers. */
  key: 'assay_key',
  /** The name of a migration that older processes cannot work beside. */
  migration: 'assay_migration',
  /** A random text that the sender itself listens for, to check that messages arrive. */
  echo: 'assay_echo',
} as const

type Channel = (typeof channels)[keyof typeof channels]

/** Sends a message (less than 8,000 bytes) to all listeners of the channel; inside a transaction, on commit. */
export async function notify(client: Queryable, channel: Channel, payload = ''): Promise<void> {
  await client.query('SELECT pg_notify($1, $2)', [channel, payload])
}

const reconnectDelayMs = 250

/**
 * Receives NOTIFYs on its own connection, reconnecting until it is closed. Subscribers must also poll occasionally,
 * because messages sent while the connection is down are lost; `onMissed` reports that some may have been.
 */
export class Listener {
  readonly #url: string
  readonly #onConnect: (client: pg.Client) => Promise<void>
  readonly #events = new EventEmitter().setMaxListeners(0)
  #client: pg.Client | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false

  /** @param onConnect runs on every new connection before it is used; when it fails, the next one is tried */
  constructor(url: string, onConnect: (client: pg.Client) => Promise<void> = async () => {}) {
    this.#url = url
    this.#onConnect = onConnect
  }

  /** Connects, and stays connected from then on. @throws when the first connection fails. */
  async start(): Promise<this> {
    await this.#connect()
    return this
  }

  /** Whether messages arrive at the moment, as far as is known. */
  get isConnected(): boolean {
    return this.#client !== null
  }

  /**
   * Calls `onMessage` for every message on a channel, and `onMissed` when some may have been lost. Returns the
   * unsubscribe function.
   */
  on(channel: Channel, onMessage: (payload: string) => void, onMissed?: () => void): () => void {
    this.#events.on(channel, onMessage)
    if (onMissed) this.#events.on('reconnected', onMissed)
    return () => {
      this.#events.off(channel, onMessage)
      if (onMissed) this.#events.off('reconnected', onMissed)
    }
  }

  /**
   * Resolves when a message sent through `sender` has come back, which proves the whole path, including any proxy
   * between this process and the database.
   * @throws when not connected, or when the message cannot be sent; `signal` ends the wait
   */
  async checkRoundTrip(sender: Queryable, signal: AbortSignal): Promise<void> {
    if (!this.#client) throw new Error('The listening connection is down.')
    const message = randomUUID()
    const { promise, resolve } = Promise.withResolvers<void>()
    const off = this.on(channels.echo, (payload) => payload === message && resolve())
    signal.addEventListener('abort', () => resolve(), { once: true })
    try {
      await notify(sender, channels.echo, message)
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
    const application_name = `assay ${process.pid} on ${hostname()}`
    const client = new pg.Client({ connectionString: this.#url, application_name, keepAlive: true })
    client.on('error', () => this.#lost(client))
    client.on('end', () => this.#lost(client))
    client.on('notification', ({ channel, payload }) => this.#events.emit(channel, payload ?? ''))
    try {
      await client.connect()
      await this.#onConnect(client)
      for (const channel of Object.values(channels)) await client.query(`LISTEN ${channel}`)
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    }
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
