/** Both ends belong to the interval; in the units of the metric. */
export interface Interval {
  readonly low: number
  readonly high: number
}
