/**
 * The texts that models are writing in this process. Nothing of them leaves it for an item that nobody watches: servers
 * announce what is watched, and only that is written to the database, at most every 100 ms, all of it in one statement.
 */
import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import { channels, type Listener, notify } from '../../db/listener.ts'
import { deleteOldTexts, type LiveText, writeLiveTexts } from '../../db/sql/run-item/live-texts.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import { replaceUnstorable } from '../../domain/json/storable.ts'

/** One attempt at one item. */
export interface LiveAttempt {
  append: (text: string) => void
  /** Resolves when everything is written, if anybody watches. */
  end: () => Promise<void>
}

interface LiveTextsOptions {
  db: Pick<Database, 'pool'>
  listener: Listener
  log: Logger
  /** Default: the system's. */
  clock?: Clock
}

const writeMs = 100
/** An announcement is repeated well within this time. */
const interestMs = 15_000
const pruneMs = 60_000
/** In characters of JavaScript; in the database at most three times as many bytes. */
const maxLength = 1_000_000
const maxWatched = 10_000

export class LiveTexts {
  readonly #options: LiveTextsOptions
  readonly #clock: Clock
  readonly #attempts = new Map<string, LiveText>()
  /** Until when an item is watched, unless it is announced again. */
  readonly #watched = new Map<string, number>()
  #changed = new Set<LiveText>()
  #writing: Promise<void> | null = null
  #cancelWrite: (() => void) | null = null
  #cancelPrune = () => {}
  #off = () => {}

  constructor(options: LiveTextsOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  start(): this {
    const ask = () => this.#ask()
    this.#off = this.#options.listener.on(channels.watch, (payload) => this.#announced(payload.split(' ')), ask)
    ask()
    this.#pruneLater()
    return this
  }

  begin(runId: string, ordinal: number, attempt: number): LiveAttempt {
    const key = `${runId}:${ordinal}`
    const live: LiveText = { runId, ordinal, attempt, text: '', truncated: false }
    this.#attempts.set(key, live)
    return {
      append: (text) => {
        if (live.truncated || this.#attempts.get(key) !== live) return
        live.text += text
        if (live.text.length > maxLength) {
          live.text = live.text.slice(0, maxLength)
          live.truncated = true
        }
        if (this.#isWatched(key)) this.#change(live)
      },
      end: async () => {
        if (this.#attempts.get(key) === live) this.#attempts.delete(key)
        if (this.#changed.has(live)) await this.#write()
      },
    }
  }

  /** Waits for a running statement. Idempotent. */
  async stop(): Promise<void> {
    this.#off()
    this.#cancelWrite?.()
    this.#cancelPrune()
    await this.#writing
  }

  /** Items may have been watched before this process listened. */
  #ask(): void {
    const { db, log } = this.#options
    notify(db.pool, channels.watching).catch((err: unknown) =>
      log.warn({ err }, 'worker: could not ask what is watched'),
    )
  }

  #announced(keys: readonly string[]): void {
    const until = this.#clock.now() + interestMs
    for (const key of keys) {
      if (this.#watched.size >= maxWatched) this.#forget()
      this.#watched.set(key, until)
      const live = this.#attempts.get(key)
      if (live && live.text !== '') this.#change(live)
    }
  }

  #forget(): void {
    const now = this.#clock.now()
    for (const [key, until] of this.#watched) if (until <= now) this.#watched.delete(key)
    // Too many at once: the longest known go first.
    const [oldest] = this.#watched.keys()
    if (this.#watched.size >= maxWatched && oldest !== undefined) this.#watched.delete(oldest)
  }

  #isWatched(key: string): boolean {
    const until = this.#watched.get(key)
    if (until === undefined) return false
    if (until > this.#clock.now()) return true
    this.#watched.delete(key)
    return false
  }

  #change(live: LiveText): void {
    this.#changed.add(live)
    this.#cancelWrite ??= this.#clock.after(writeMs, () => void this.#write())
  }

  async #write(): Promise<void> {
    this.#cancelWrite?.()
    this.#cancelWrite = null
    await this.#writing
    if (this.#changed.size === 0) return
    const texts = [...this.#changed].map((live) => ({ ...live, text: storable(live.text) }))
    this.#changed = new Set()
    const { db, log } = this.#options
    this.#writing = writeLiveTexts(db.pool, texts)
      .catch((err: unknown) => log.warn({ err }, 'worker: could not write the texts of watched items'))
      .finally(() => {
        this.#writing = null
      })
    await this.#writing
  }

  #pruneLater(): void {
    const { db, log } = this.#options
    this.#cancelPrune = this.#clock.after(pruneMs, () => {
      deleteOldTexts(db.pool).catch((err: unknown) => log.warn({ err }, 'worker: could not delete old texts'))
      this.#pruneLater()
    })
  }
}

/** A character that is not yet whole comes with the next part: what was written never changes. */
function storable(text: string): string {
  const last = text.charCodeAt(text.length - 1)
  return replaceUnstorable(last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text)
}
