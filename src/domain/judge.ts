import type { ModelParameters, PromptMessage } from './prompt/prompt.ts'

export const judgeMethods = ['STRUCTURED', 'TEXT', 'DECISION'] as const
/**
 * How a judge answers: as data of a fixed form, as a text that ends with its verdict, or (of models that decide) with how
 * likely each label is, and no reason.
 */
export type JudgeMethod = (typeof judgeMethods)[number]

/** One of the verdicts that a judge may give. */
export interface JudgeLabel {
  label: string
  /** The value of its score; null for all labels of a judge whose score is a category. */
  value: number | null
  /** When it applies, for the judge. */
  description: string | null
}

/** What a judge may answer: one of its labels, or a number in a range. */
export type JudgeScale = { labels: JudgeLabel[] } | { min: number; max: number }

/** A model that scores outputs. */
export interface JudgeSpec {
  kind: 'judge'
  /** The name of the provider. */
  provider: string
  /** As the provider calls it. */
  model: string
  /** Templates. Only those of the user show data; what the others say are the instructions. */
  messages: PromptMessage[]
  /** JSONPaths of the data, by the names that templates use. */
  variables: Record<string, string>
  method: JudgeMethod
  scale: JudgeScale
  parameters: ModelParameters
  /** The template in the catalogue that it is a copy of; null for none. */
  template: string | null
  /** The version of what Assay adds to the instructions: another one may judge otherwise. */
  wording: 1
}

/**
 * A model that says which of two outputs of an item is better: that of the run, or that of a baseline. Its data are those of a
 * judge, and the outputs as `first` and `second`.
 */
export interface PairwiseSpec extends Omit<JudgeSpec, 'kind'> {
  kind: 'pairwise'
  /** The raw id of a run. */
  baselineId: string
}

/** What every judge can show without a path of its own. */
export const judgeData = ['input', 'output', 'expectedOutput', 'metadata', 'trajectory'] as const
export type JudgeData = (typeof judgeData)[number]
