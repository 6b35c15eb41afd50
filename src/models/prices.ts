/** What calls of models cost: prices of the project, else those of a table that comes with this version. */
import { calcPrice, findProvider, type ModelInfo, type ModelPrice, TieredPrices } from '@pydantic/genai-prices'
import type { ModelPrices, Price, TokenUsage } from '../domain/model/generation.ts'
import type { ProviderKind } from '../domain/model/provider.ts'

/** The table's names of the providers; null: what they serve has no price of its own. */
const tables: Record<ProviderKind, string | null> = {
  OPENAI: 'openai',
  ANTHROPIC: 'anthropic',
  GOOGLE: 'google',
  AZURE: 'azure',
  BEDROCK: 'aws',
  OPENROUTER: 'openrouter',
  OPENAI_COMPATIBLE: null,
  OLLAMA: null,
  VLLM: null,
  LM_STUDIO: null,
  LITELLM: null,
}

export interface Cost {
  /** Null when the price or the usage is unknown. */
  usd: number | null
  price: Price | null
}

/**
 * What one call of a model costs.
 * @param override the project's prices of the model; null for none
 * @param at when, for prices that change with the date or the time of day
 */
export function costOf(
  usage: TokenUsage,
  { kind, model }: { kind: ProviderKind; model: string },
  override: ModelPrices | null,
  at: Date,
): Cost {
  const table = tables[kind]
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage
  const counted = {
    input_tokens: inputTokens ?? 0,
    ...(cachedInputTokens && { cache_read_tokens: cachedInputTokens }),
    ...(cacheWriteTokens && { cache_write_tokens: cacheWriteTokens }),
    output_tokens: outputTokens ?? 0,
    ...(reasoningTokens && { output_reasoning_tokens: reasoningTokens }),
  }
  const from = override ? { provider: priced(model, override) } : table === null ? null : { providerId: table }
  const found = from && calculate(counted, model, { ...from, timestamp: at })
  if (!found) return { usd: null, price: null }
  const prices = override ?? pricesOf(found.model_price, inputTokens ?? 0)
  const source = override ? 'OVERRIDE' : 'TABLE'
  const price: Price | null = prices && { source, model: found.model.id, prices, table: override ? null : tableVersion }
  const known = inputTokens !== null && outputTokens !== null
  return { usd: known && price ? found.total_price : null, price }
}

/** The table of prices; its package does not tell its version. */
export const tableVersion = 'genai-prices 0.1.8'

/** A model that the table of prices knows. */
export interface KnownModel {
  kind: ProviderKind
  /** As the provider calls it. */
  model: string
  /** For people. */
  title: string
  /** Input and output together, at most; null when unknown. */
  contextTokens: number | null
  deprecated: boolean
  /** Now, for the shortest inputs. */
  prices: ModelPrices | null
}

/** The models of the table, by name. */
export function knownModels(kind: ProviderKind, at: Date): KnownModel[] {
  const table = tables[kind]
  const models = (table !== null && findProvider({ providerId: table })?.models) || []
  return models
    .map((info) => ({
      kind,
      model: info.id,
      title: info.name ?? info.id,
      contextTokens: info.context_window ?? null,
      deprecated: info.deprecated ?? false,
      prices: currentPrices(info, table ?? '', at),
    }))
    .sort((a, b) => (a.model < b.model ? -1 : 1))
}

function currentPrices(info: ModelInfo, table: string, at: Date): ModelPrices | null {
  const found = calculate({ input_tokens: 0, output_tokens: 0 }, info.id, { providerId: table, timestamp: at })
  return found && pricesOf(found.model_price, 0)
}

/** Usage that contradicts itself, such as more cached tokens than there are, has no cost. */
function calculate(...call: Parameters<typeof calcPrice>): ReturnType<typeof calcPrice> {
  try {
    return calcPrice(...call)
  } catch {
    return null
  }
}

/** Null unless text has a price both ways. */
function pricesOf(price: ModelPrice, inputTokens: number): ModelPrices | null {
  const of = (key: string) => {
    const value = price[key]
    return value instanceof TieredPrices || typeof value === 'object' ? inTier(value, inputTokens) : (value ?? null)
  }
  const [input, output] = [of('input_mtok'), of('output_mtok')]
  if (input === null || output === null) return null
  return {
    input,
    output,
    cachedInput: of('cache_read_mtok'),
    cacheWrite: of('cache_write_mtok'),
    reasoning: of('output_reasoning_mtok'),
  }
}

/** The price of a whole call depends on its input. */
function inTier({ base, tiers }: TieredPrices, inputTokens: number): number {
  return tiers.findLast(({ start }) => inputTokens > start)?.price ?? base
}

function priced(model: string, { input, output, cachedInput, cacheWrite, reasoning }: ModelPrices) {
  const prices: ModelPrice = {
    input_mtok: input,
    output_mtok: output,
    ...(cachedInput !== null && { cache_read_mtok: cachedInput }),
    ...(cacheWrite !== null && { cache_write_mtok: cacheWrite }),
    ...(reasoning !== null && { output_reasoning_mtok: reasoning }),
  }
  return {
    id: 'project',
    name: 'project',
    api_pattern: '^$',
    models: [{ id: model, match: { equals: model }, prices }],
  }
}
