/** A mean with what is known of its error. */
import type { Interval } from '../statistics/interval.ts'

export interface CorrectedMean {
  mean: number
  standardError: number
  /** 95 %. */
  interval: Interval
}
