/** What a test of one hypothetical mean has shown; it may be looked at after every value. */
export type Side = 'ABOVE' | 'BELOW'

/**
 * The money of two gamblers, one for "greater" and one for "less", that makes their claim: together they had 40, which
 * at the hypothetical mean itself happens with a probability of at most 1 in 20.
 */
export function sideOf(greater: number, less: number): Side | null {
  if (!(greater + less >= 40)) return null
  return greater >= less ? 'ABOVE' : 'BELOW'
}

/** What the tests of 0, of plus and of minus a margin have shown; null: nothing, or there is no margin. */
export interface Sides {
  readonly zero: Side | null
  readonly plus: Side | null
  readonly minus: Side | null
}

/** Of a sequence that tests these means. @param margin 0 for none */
export function sidesOf(sequence: { side: (mean: number) => Side | null }, margin: number): Sides {
  const zero = sequence.side(0)
  if (margin === 0) return { zero, plus: null, minus: null }
  return { zero, plus: sequence.side(margin), minus: sequence.side(-margin) }
}

/** Of the negated means. */
export function mirrored({ zero, plus, minus }: Sides): Sides {
  return { zero: opposite(zero), plus: opposite(minus), minus: opposite(plus) }
}

function opposite(side: Side | null): Side | null {
  return side && (side === 'ABOVE' ? 'BELOW' : 'ABOVE')
}
