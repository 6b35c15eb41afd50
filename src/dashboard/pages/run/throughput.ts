/** How fast a run goes, by what the page has seen of it. */

/** A moment of the run. */
export interface Moment {
  /** Seconds since 1970. */
  at: number
  /** Executions that were seen to end. Those that are retried have ended all the same: it never falls. */
  ended: number
}

/** @param done of the run then; after a retry fewer than before */
export function endedSince(before: (Moment & { done: number }) | undefined, done: number): number {
  return before === undefined ? 0 : before.ended + Math.max(0, done - before.done)
}

/** Items a second at each moment, over the seconds before it; null where it was not watched for long enough. */
export function ratesOf(moments: readonly Moment[], windowSeconds: number): (number | null)[] {
  let start = 0
  return moments.map((moment, index) => {
    while (start < index && (moments[start]?.at ?? 0) < moment.at - windowSeconds) start++
    const first = moments[start]
    const seconds = first ? moment.at - first.at : 0
    return first && seconds > 0.5 ? (moment.ended - first.ended) / seconds : null
  })
}

/** The last of them. */
export function rateOf(moments: readonly Moment[], windowSeconds = 10): number | null {
  const last = moments.at(-1)
  const from = last ? moments.findIndex(({ at }) => at >= last.at - windowSeconds) : 0
  return ratesOf(moments.slice(from), windowSeconds).at(-1) ?? null
}
