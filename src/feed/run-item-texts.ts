/**
 * What models are writing, item by item, for those who watch. It is ephemeral: who comes late gets what has accumulated,
 * a new attempt starts over, and when the item has finished its output is the truth. From any process: interest and
 * news are notifications, the text is in a table.
 */
import type { Database } from '../db/client.ts'
import { channels, type Listener } from '../db/listener.ts'
import type { RunChanges } from '../db/run-changes.ts'
import { announceWatched, readLiveTexts, type TextAfterPlace, type TextPlace } from '../db/sql/run-item/live-texts.ts'
import { loadRunItems, type RunItemKey } from '../db/sql/run-item/load-run-items.ts'
import { LimitError, NotFoundError } from '../domain/errors.ts'
import type { ProjectScope } from '../domain/scope.ts'
import type { FeedPosition } from './position.ts'
import { WakeUp, watchAbort } from './wake-up.ts'

/** The next part of what a model writes. */
export interface TextEvent {
  item: RunItemKey
  /** From 1; null before the first. */
  attempt: number | null
  /** Whether `delta` replaces what came before: with the first event, and when another attempt has begun. */
  reset: boolean
  delta: string
  /** Whether there is more text than is delivered. */
  truncated: boolean
  /** Whether the item has finished; nothing comes after it. */
  done: boolean
  position: FeedPosition
}

const announceMs = 5_000
const paceMs = 50
const maxItems = 1_000

interface Watched {
  news: WakeUp
  watchers: number
  runId: string
}

export class RunItemTexts {
  readonly #db: Pick<Database, 'pool'>
  readonly #changes: RunChanges
  readonly #watched = new Map<string, Watched>()
  readonly #stops: (() => void)[]
  /** Reads that the next statement answers. */
  #asked: { place: TextPlace; answer: (found: TextAfterPlace | null) => void; fail: (error: unknown) => void }[] = []

  constructor(db: Pick<Database, 'pool'>, listener: Listener, changes: RunChanges) {
    this.#db = db
    this.#changes = changes
    const announce = () => this.#announce([...this.#watched.keys()])
    const interval = setInterval(announce, announceMs)
    this.#stops = [
      () => clearInterval(interval),
      listener.on(channels.watching, announce),
      listener.on(channels.text, (payload) => {
        for (const key of payload.split(' ')) this.#watched.get(key)?.news.wake(0)
      }),
      changes.on((runId) => {
        for (const { news, runId: watched } of this.#watched.values()) {
          if (runId === null || watched === runId) news.wake(paceMs)
        }
      }),
    ]
  }

  /** Idempotent. */
  stop(): void {
    for (const stop of this.#stops) stop()
  }

  /**
   * Yields what a model has written, and then what it writes, until the item has finished. The first event comes at
   * once. Ends without an error when the signal aborts or the process stops.
   * @throws {NotFoundError} the project has no such item
   * @throws {LimitError} too many items are watched in this process
   */
  async subscribe(
    { projectId }: ProjectScope,
    item: RunItemKey,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<TextEvent>> {
    const [found] = await loadRunItems(this.#db.pool, projectId, [item])
    if (!found) throw new NotFoundError('There is no such item in this project.', ['id'])
    if (this.#watched.size >= maxItems && !this.#watched.has(keyOf(item))) {
      throw new LimitError(
        `Expected at most ${maxItems.toLocaleString('en')} items to be watched at a time on this server. Close other subscriptions first.`,
        ['id'],
      )
    }
    return this.#follow(item, AbortSignal.any([signal, this.#changes.stopped]))
  }

  async *#follow(item: RunItemKey, signal: AbortSignal): AsyncGenerator<TextEvent> {
    const key = keyOf(item)
    const watched = this.#watched.get(key) ?? { news: new WakeUp(paceMs), watchers: 0, runId: item.runId }
    this.#watched.set(key, watched)
    watched.watchers += 1
    this.#announce([key])
    const ended = watchAbort(signal)
    const place: TextPlace = { ...item, attempt: 0, characters: 0 }
    let first = true
    try {
      while (!ended.aborted) {
        // Before the read, so that nothing is missed.
        const news = watched.news.next()
        const readAt = performance.now()
        const found = await this.#read({ ...place })
        if (!found || ended.aborted) return
        const event = eventOf(found, readAt, place, first)
        if (event) {
          first = false
          yield event
          if (event.done) return
        }
        await ended.until(news)
      }
    } finally {
      ended.dispose()
      watched.watchers -= 1
      if (watched.watchers === 0) {
        watched.news.stop()
        this.#watched.delete(key)
      }
    }
  }

  #announce(keys: readonly string[]): void {
    // One that fails is repeated soon.
    if (keys.length > 0) void announceWatched(this.#db.pool, keys).catch(() => {})
  }

  /** One statement for all that is asked at about the same time. */
  #read(place: TextPlace): Promise<TextAfterPlace | null> {
    return new Promise((answer, fail) => {
      this.#asked.push({ place, answer, fail })
      if (this.#asked.length === 1) setImmediate(() => void this.#answer())
    })
  }

  async #answer(): Promise<void> {
    const asked = this.#asked
    this.#asked = []
    try {
      const places = [...new Map(asked.map(({ place }) => [placeKey(place), place])).values()]
      const found = await readLiveTexts(this.#db.pool, places)
      const byPlace = new Map(found.map((row) => [placeKey({ ...row, ...row.place }), row]))
      for (const { place, answer } of asked) answer(byPlace.get(placeKey(place)) ?? null)
    } catch (error) {
      for (const { fail } of asked) fail(error)
    }
  }
}

const finished = ['SUCCEEDED', 'FAILED', 'CANCELLED']

/** Moves the place; null when there is nothing to tell. */
function eventOf(found: TextAfterPlace, readAt: number, place: TextPlace, first: boolean): TextEvent | null {
  const { runId, ordinal, status, attempts, truncated } = found
  const done = finished.includes(status)
  // The text of an attempt that was given up is of no use to anybody.
  const isCurrent = found.attempt !== null && found.attempt >= attempts
  const attempt = Math.max(attempts, found.attempt ?? 0)
  const delta = isCurrent ? found.text : ''
  const reset = first || attempt !== place.attempt
  if (!reset && delta === '' && !done) return null
  place.characters = (reset ? 0 : place.characters) + [...delta].length
  place.attempt = attempt
  const position = { place: `${attempt}:${place.characters}`, order: null, cursor: null, more: false, readAt }
  return { item: { runId, ordinal }, attempt: attempt || null, reset, delta, truncated, done, position }
}

function keyOf({ runId, ordinal }: RunItemKey): string {
  return `${runId}:${ordinal}`
}

function placeKey({ runId, ordinal, attempt, characters }: RunItemKey & TextAfterPlace['place']): string {
  return `${runId}:${ordinal}:${attempt}:${characters}`
}
