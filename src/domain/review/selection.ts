/** Which outputs of a run a review queue has. */
import * as z from 'zod'
import { invalidInput, optional, parseInput } from '../parse-input.ts'
import { maxScoreName } from '../score.ts'

/** How much a label of an output is expected to say. */
export type InformationMeasure = 'DISAGREEMENT' | 'UNCERTAINTY'

export type ReviewSelection =
  /** Every output. */
  | { kind: 'ALL' }
  /** Drawn at random; with `balance`, as many of each value of that score of an evaluator. */
  | { kind: 'SAMPLE'; size: number; balance: string | null }
  /** Those about which scores of these names differ by more than `tolerance`, the most first. */
  | { kind: 'DISAGREEMENTS'; scores: string[]; tolerance: number; atMost: number | null }
  /** Those whose score is worse than in the baseline, the most first. */
  | { kind: 'REGRESSIONS'; score: string; atMost: number | null }
  /** Drawn with probabilities that grow with what a label is expected to say. */
  | { kind: 'INFORMATIVE'; size: number; score: string; by: InformationMeasure; between: string[] }

/** Whether the items of such a queue are a probability sample, so that its labels stand for all outputs. */
export function isDrawn({ kind }: Pick<ReviewSelection, 'kind'>): boolean {
  return kind === 'ALL' || kind === 'SAMPLE' || kind === 'INFORMATIVE'
}

/** Items of a queue at most. */
export const maxReviewItems = 10_000

const score = z.string().trim().min(1).max(maxScoreName)
const size = z.int().min(1).max(maxReviewItems)

const members = {
  all: z.literal(true),
  sample: z.strictObject({ size, balance: optional(score, null) }),
  disagreements: z.strictObject({
    scores: z.array(score).min(1).max(20),
    tolerance: optional(z.number().min(0), 0),
    atMost: optional(size, null),
  }),
  regressions: z.strictObject({ score, atMost: optional(size, null) }),
  informative: z.strictObject({
    size,
    score,
    by: optional(z.enum(['DISAGREEMENT', 'UNCERTAINTY']), 'DISAGREEMENT'),
    between: optional(z.array(score).max(20), []),
  }),
}

/** As a client gives it: one member. */
export type ReviewSelectionInput = { [Member in keyof typeof members]?: unknown }

/** @throws {InvalidInputError} */
export function parseReviewSelection(input: ReviewSelectionInput, path: readonly string[]): ReviewSelection {
  const given = Object.entries(input).filter(([, value]) => value != null)
  const [[member, value] = ['', null], ...others] = given
  if (others.length > 0 || !Object.hasOwn(members, member)) {
    const got = given.map(([name]) => name)
    throw invalidInput(path, `expected exactly one of ${Object.keys(members).join(', ')}`, got)
  }
  const at = [...path, member]
  switch (member as keyof typeof members) {
    case 'all':
      parseInput(members.all, value, at)
      return { kind: 'ALL' }
    case 'sample':
      return { kind: 'SAMPLE', ...parseInput(members.sample, value, at) }
    case 'disagreements':
      return { kind: 'DISAGREEMENTS', ...parseInput(members.disagreements, value, at) }
    case 'regressions':
      return { kind: 'REGRESSIONS', ...parseInput(members.regressions, value, at) }
    case 'informative':
      return { kind: 'INFORMATIVE', ...parseInput(members.informative, value, at) }
  }
}
