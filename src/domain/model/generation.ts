/** Null where the provider says nothing; never 0 for unknown. */
export interface TokenUsage {
  /** All of them, cached ones included. */
  inputTokens: number | null
  /** Read from the provider's cache. */
  cachedInputTokens: number | null
  /** Written to the provider's cache. */
  cacheWriteTokens: number | null
  /** All of them, reasoning included. */
  outputTokens: number | null
  reasoningTokens: number | null
}

/** Prices in US dollars per million tokens; a part that is null has the price of the whole that it belongs to. */
export interface ModelPrices {
  input: number
  output: number
  /** Input read from the provider's cache. */
  cachedInput: number | null
  /** Input written to the provider's cache. */
  cacheWrite: number | null
  reasoning: number | null
}

/** The price that a cost was counted with. */
export interface Price {
  /** OVERRIDE: of the project; TABLE: of the table of prices that comes with this version. */
  source: 'OVERRIDE' | 'TABLE'
  /** The model as the table names it. */
  model: string
  prices: ModelPrices
  /** The version of the table; null for an override. */
  table: string | null
}

export const finishReasons = ['STOP', 'LENGTH', 'CONTENT_FILTER', 'TOOL_CALLS', 'ERROR', 'OTHER'] as const
export type FinishReason = (typeof finishReasons)[number]

/** What is known of the calls of a model that made an output, besides the output. Stored with the result. */
export interface Generation {
  /** As the provider names it. */
  model: string
  finishReason: FinishReason
  usage: TokenUsage
  /** Whether the provider reported the cost; else it is computed from `price`. */
  costReported: boolean
  /** Null when the model's price is unknown. */
  price: Price | null
  /** The text of the reasoning, apart from the answer. */
  reasoning: string | null
  /** Milliseconds to the first token, of a streamed call. */
  firstTokenMs: number | null
  /** After the first token, of a streamed call. */
  tokensPerSecond: number | null
  /** Calls of the model: more than one if it called tools. */
  steps: number
  /** What the provider ignored or changed. */
  warnings: string[]
}
