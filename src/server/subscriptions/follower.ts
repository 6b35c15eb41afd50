import type { ExecutionResult } from 'graphql'
import type { FeedPosition } from '../../feed/position.ts'
import { Payload } from './payload.ts'
import type { SharedEvent } from './recent-events.ts'
import type { Replays } from './replays.ts'
import type { Subscriber } from './subscriber.ts'

/** The payloads of a subscription, with where each leaves its subscribers. */
export interface Source {
  /** The next one; null after the last. Never rejects. */
  next(): Promise<Payload | null>
  /** After the last payload; null before the first. */
  readonly position: FeedPosition | null
  /** Makes a pending `next` resolve. */
  stop(): void
}

/**
 * @param client of the first subscriber, for which it reads
 * @param after the cursor to continue after; null: where the document begins
 * @returns the errors if it is refused
 */
export type OpenSource = (client: string, after: string | null) => Promise<Source | ExecutionResult>

/** Whom a follower reads for. */
interface Reader {
  readonly subscriber: Pick<Subscriber, 'isFull'>
}

interface FollowerOptions<Member extends Reader> {
  /** Gets what it reads, or why it cannot; without a payload its error was given to those who wait for `opened`. */
  channel: {
    deliver(follower: Follower<Member>, event: SharedEvent): void
    refuse(follower: Follower<Member>, payload: Payload | null): void
  }
  open: OpenSource
  replays: Replays
  client: string
  position: FeedPosition
  /** Whether it is for a new subscription, which may be refused. */
  isNew: boolean
}

/** Reads for the members of a channel that are at one place. */
export class Follower<Member extends Reader> {
  readonly members = new Set<Member>()
  position: FeedPosition
  /** Resolves with the errors if the source is refused, else with null; rejects if it could not be opened. */
  readonly opened: Promise<ExecutionResult | null>
  readonly #options: FollowerOptions<Member>
  readonly #opening = Promise.withResolvers<ExecutionResult | null>()
  #source: Source | null = null
  #isLive = false
  #isReading = false
  #isStopped = false

  constructor(options: FollowerOptions<Member>) {
    this.#options = options
    this.position = options.position
    this.opened = this.#opening.promise
    // Nobody asks who resumes.
    this.opened.catch(() => {})
  }

  /** It has read everything once; from there on it does not wait for replays. */
  get isLive(): boolean {
    return this.#isLive
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Reads on as long as a member takes more. */
  async read(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    this.#source ??= await this.#open()
    while (this.#source && !this.#isStopped && this.#isAwaited()) {
      const event = await this.#next(this.#source)
      if (!event || this.#isStopped) break
      this.#isLive ||= !event.position.more
      this.#options.channel.deliver(this, event)
      if (event.position.more) await otherWork()
    }
    this.#isReading = false
  }

  /** Idempotent. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#source?.stop()
    this.#opening.resolve(null)
  }

  #isAwaited(): boolean {
    for (const { subscriber } of this.members) if (!subscriber.isFull()) return true
    return false
  }

  async #open(): Promise<Source | null> {
    const { channel, open, replays, client, position, isNew } = this.#options
    try {
      const source = await replays.run(client, isNew, async () =>
        this.#isStopped ? null : open(client, position.cursor),
      )
      if (source && !('next' in source)) {
        this.#isStopped = true
        this.#opening.resolve(source)
        channel.refuse(this, new Payload(source))
        return null
      }
      if (this.#isStopped) source?.stop()
      this.#opening.resolve(null)
      return source
    } catch (error) {
      this.#isStopped = true
      this.#opening.reject(error)
      channel.refuse(this, null)
      return null
    }
  }

  async #next(source: Source): Promise<SharedEvent | null> {
    const read = async (): Promise<SharedEvent> => {
      const askedAt = performance.now()
      const payload = await source.next()
      const position = payload && source.position
      return { payload, position: position ?? this.position, readAt: position?.readAt ?? askedAt }
    }
    if (this.#isLive) return read()
    return this.#options.replays.run(this.#options.client, false, async () => (this.#isStopped ? null : read()))
  }
}

/** What was read together is delivered in parts, between which the event loop answers others. */
function otherWork(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
