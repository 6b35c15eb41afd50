/** Where an event of a feed leaves its subscribers. */
export interface FeedPosition {
  /** Subscribers at equal places of one feed get the same events from there on. */
  readonly place: string
  /**
   * Where the place lies in its feed: an event that was read from an earlier place and ends at a later one has everything
   * between; null where places have no order.
   */
  readonly order: number | null
  /** Continues after the event; null for a feed that can only start over. */
  readonly cursor: string | null
  /** Whether the next event can be read at once. */
  readonly more: boolean
  /** When the read that the event is of began, as of `performance.now()`. */
  readonly readAt: number
}

let places = 0

/** A place that no other subscriber is at. */
export function ownPlace(): string {
  places += 1
  return `own ${places}`
}
