import type { FeedPosition } from '../../feed/position.ts'
import type { Follower } from './follower.ts'
import type { SharedEvent } from './recent-events.ts'
import type { Subscriber } from './subscriber.ts'

/** A subscriber in a channel. */
export class Member {
  readonly subscriber: Subscriber
  /** Identifies the caller. */
  readonly client: string
  position: FeedPosition
  follower: Follower<Member> | null = null
  isJoined = false
  readonly #since = performance.now()
  /** Whether it has had everything once, as of after it subscribed. */
  #isCurrent = false

  constructor(subscriber: Subscriber, client: string, after: string | null) {
    this.subscriber = subscriber
    this.client = client
    this.position = { place: `start ${after ?? ''}`, order: null, cursor: after, more: true, readAt: this.#since }
  }

  /** Whether it knows nothing newer from before it subscribed: its first state is never one that it has changed itself. */
  mayTake({ readAt, position }: SharedEvent): boolean {
    return this.#isCurrent || position.more || readAt >= this.#since
  }

  /** Whether events that are read from another place have all that comes after its own. */
  isAtOrAfter({ order }: FeedPosition): boolean {
    return order !== null && this.position.order !== null && this.position.order >= order
  }

  /** Whether an event that was read from a place, its own or an earlier one, brings it on. */
  needs({ payload, position }: SharedEvent, from: FeedPosition): boolean {
    if (!payload || payload.failed || this.position.place === from.place) return true
    return position.place !== this.position.place && (position.order ?? 0) >= (this.position.order ?? 0)
  }

  take({ payload, position }: SharedEvent): void {
    this.position = position
    this.#isCurrent ||= !position.more
    if (payload) this.subscriber.deliver(payload)
  }
}
