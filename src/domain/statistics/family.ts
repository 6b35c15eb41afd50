import { type AdjustedPValue, holm } from './holm.ts'

/** How the primary metrics share the error of 5 %. */
export type Procedure = 'FIXED_SEQUENCE' | 'HOLM'

/** A p value of a family. */
export interface FamilyMember {
  readonly pValue: number
  /** Position among the primary metrics, from 0, and its weight for Holm; null: not primary. */
  readonly primary: { readonly rank: number; readonly weight: number } | null
}

/**
 * Adjusts the p values of a comparison. The primary metrics are a family, all others together another one: each finds a
 * difference where there is none with a probability of at most 5 %, however many the other has.
 *
 * - `FIXED_SEQUENCE`: the metrics are tested in their order, each with the full 5 %, until one shows nothing.
 *   Maurer, Hothorn & Lehmacher (1995). Several candidates share each step by Holm.
 * - `HOLM`: weighted Holm; equal weights are the plain one.
 *
 * @returns one entry per member, in input order
 */
export function adjustFamily(members: readonly FamilyMember[], procedure: Procedure): AdjustedPValue[] {
  const result = new Array<AdjustedPValue>(members.length)
  const put = (indices: readonly number[], adjusted: readonly AdjustedPValue[], atLeast = 0) => {
    indices.forEach((index, i) => {
      const { adjusted: value, multiplier } = adjusted[i] as AdjustedPValue
      result[index] = { adjusted: Math.max(value, atLeast), multiplier }
    })
    return Math.max(atLeast, ...adjusted.map(({ adjusted }) => adjusted))
  }
  const indices = members.map((_, index) => index)
  const pValues = (of: readonly number[]) => of.map((index) => (members[index] as FamilyMember).pValue)
  const primary = indices.filter((index) => members[index]?.primary)
  const others = indices.filter((index) => !members[index]?.primary)
  put(others, holm(pValues(others)))
  if (procedure === 'HOLM') {
    const weights = primary.map((index) => members[index]?.primary?.weight ?? 1)
    put(primary, holm(pValues(primary), weights))
    return result
  }
  const steps = [...Map.groupBy(primary, (index) => members[index]?.primary?.rank ?? 0)].sort(([a], [b]) => a - b)
  let soFar = 0
  for (const [, step] of steps) soFar = put(step, holm(pValues(step)), soFar)
  return result
}
