/**
 * The share of positives behind the verdicts of a judge that errs: Rogan and Gladen (1978). The interval is Fieller's, all
 * shares that the verdicts do not contradict, with the judge's rates drawn to the middle as by Agresti and Coull: it also
 * counts that the rates were measured on few labels.
 */
import type { Interval } from '../statistics/interval.ts'
import { z95 } from '../statistics/normal.ts'
import type { CorrectedMean } from './corrected-mean.ts'

export interface Verdicts {
  /** Verdicts of the judge on items that are none of the labelled ones, and how many of them are positive. */
  count: number
  positive: number
  /** Items that people call positive, and how many of these the judge does, too. */
  positiveLabels: number
  truePositive: number
  /** Items that people call negative, and how many of these the judge does, too. */
  negativeLabels: number
  trueNegative: number
}

/** Null without labels of both kinds, or when the judge is no better than chance: then its verdicts say nothing. */
export function roganGladen(verdicts: Verdicts, z = z95): CorrectedMean | null {
  const { count, positive, positiveLabels, truePositive, negativeLabels, trueNegative } = verdicts
  if (count === 0 || positiveLabels === 0 || negativeLabels === 0) return null
  const [sensitivity, specificity] = [truePositive / positiveLabels, trueNegative / negativeLabels]
  const youden = sensitivity + specificity - 1
  if (youden <= 0) return null
  const mean = within(0, (positive / count + specificity - 1) / youden, 1)
  const n = count + z * z
  const share = (positive + (z * z) / 2) / n
  const [n1, n0] = [positiveLabels + 2, negativeLabels + 2]
  const [se, sp] = [(truePositive + 1) / n1, (trueNegative + 1) / n0]
  const scale = se + sp - 1
  const centre = (share + sp - 1) / scale
  const [ofShare, ofSe, ofSp] = [(share * (1 - share)) / n, (se * (1 - se)) / n1, (sp * (1 - sp)) / n0]
  const variance = (ofShare + centre ** 2 * ofSe + (1 - centre) ** 2 * ofSp) / scale ** 2
  const standardError = Math.sqrt(variance)
  const roots = rootsOf(
    scale ** 2 - z * z * (ofSe + ofSp),
    -2 * ((share + sp - 1) * scale - z * z * ofSp),
    (share + sp - 1) ** 2 - z * z * (ofShare + ofSp),
  )
  const interval = {
    low: Math.min(mean, within(0, roots?.low ?? 0, 1)),
    high: Math.max(mean, within(0, roots?.high ?? 1, 1)),
  }
  return { mean, standardError, interval }
}

/** Where a x² + b x + c is 0; null where it is not positive far away, so that every x is possible. */
function rootsOf(a: number, b: number, c: number): Interval | null {
  const discriminant = b * b - 4 * a * c
  if (a <= 0 || discriminant < 0) return null
  const half = Math.sqrt(discriminant) / (2 * a)
  return { low: -b / (2 * a) - half, high: -b / (2 * a) + half }
}

function within(low: number, value: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
