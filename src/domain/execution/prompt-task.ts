import type { ModelPrices } from '../model/generation.ts'
import type { ModelParameters, PinnedPrompt, PromptReference } from '../prompt/prompt.ts'

/** A call of a model with a prompt per item. */
export interface PromptTaskSpec {
  kind: 'prompt'
  /** The name of the provider. */
  provider: string
  /** As the provider calls it. */
  model: string
  /** In a run its content, pinned. */
  prompt: PromptReference | PinnedPrompt
  /** In place of the prompt's own, member by member. */
  parameters: ModelParameters
  /** Whether the answer is streamed. */
  stream: boolean
  /** Of a streamed answer, in milliseconds; null: no limit but that of the whole call. */
  firstTokenTimeoutMs: number | null
  nextTokenTimeoutMs: number | null
  /** In a run: the project's prices of the model when it started; null for none. */
  prices?: ModelPrices | null
}
