/** Inclusive, in the units of the metric. */
export interface Interval {
  readonly low: number
  readonly high: number
}
