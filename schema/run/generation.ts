import type { finishReasons, Generation as GenerationShape, Price } from '../../src/domain/model/generation.ts'
import { builder } from '../builder.ts'
import { TokenPrices } from '../provider/model-price.ts'

const FinishReason = builder.enumType('FinishReason', {
  description: 'Why a model ended its answer.',
  values: {
    STOP: { description: 'It was complete, or a stop sequence came.' },
    LENGTH: { description: 'The maximum of output tokens was reached.' },
    CONTENT_FILTER: { description: 'A filter of the provider ended it.' },
    TOOL_CALLS: { description: 'It calls tools, and may make no further step.' },
    ERROR: { description: 'The provider ended it with an error.' },
    OTHER: { description: 'Anything else, or unknown.' },
  } satisfies Record<(typeof finishReasons)[number], { description: string }>,
})

const PriceSource = builder.enumType('PriceSource', {
  description: 'Where a price is from.',
  values: {
    OVERRIDE: { description: 'The project, with `setModelPrice`.' },
    TABLE: { description: 'The table of prices that comes with the version of Assay.' },
  },
})

const GenerationPrice = builder.objectRef<Price>('GenerationPrice').implement({
  description: 'The price that a cost was counted with.',
  fields: (t) => ({
    source: t.expose('source', { type: PriceSource, description: 'Where it is from.' }),
    model: t.exposeString('model', { description: 'The model as the table names it.' }),
    prices: t.expose('prices', { type: TokenPrices, description: 'The prices.' }),
    table: t.exposeString('table', { nullable: true, description: 'The version of the table; null for an override.' }),
  }),
})

export const Generation = builder.objectRef<GenerationShape>('Generation').implement({
  description: 'How a model made an output.',
  fields: (t) => ({
    model: t.exposeString('model', { description: 'The model as the provider names it in its answer.' }),
    finishReason: t.expose('finishReason', { type: FinishReason, description: 'Why it ended the answer.' }),
    cachedInputTokens: t.int({
      nullable: true,
      description: 'Of the input tokens, those read from the cache of the provider; null when unknown.',
      resolve: ({ usage }) => usage.cachedInputTokens,
    }),
    cacheWriteTokens: t.int({
      nullable: true,
      description: 'Of the input tokens, those written to the cache of the provider; null when unknown.',
      resolve: ({ usage }) => usage.cacheWriteTokens,
    }),
    reasoningTokens: t.int({
      nullable: true,
      description: 'Of the output tokens, those of the reasoning; null when unknown.',
      resolve: ({ usage }) => usage.reasoningTokens,
    }),
    costReported: t.exposeBoolean('costReported', {
      description: 'Whether the provider reported the cost; else it is tokens × `price`.',
    }),
    price: t.expose('price', {
      type: GenerationPrice,
      nullable: true,
      description: 'The price of the model when it was called; null when unknown, and then so is the cost.',
    }),
    reasoning: t.exposeString('reasoning', {
      nullable: true,
      description: 'The text of the reasoning, at most 20,000 characters; null: none was shown.',
    }),
    firstTokenMs: t.exposeFloat('firstTokenMs', {
      nullable: true,
      description: 'Milliseconds to the first token; null for an answer that was not streamed.',
    }),
    tokensPerSecond: t.exposeFloat('tokensPerSecond', {
      nullable: true,
      description: 'Output tokens per second after the first; null for an answer that was not streamed.',
    }),
    steps: t.exposeInt('steps', { description: 'Calls of the model: more than one when it called tools.' }),
    warnings: t.exposeStringList('warnings', { description: 'What the provider ignored or changed.' }),
  }),
})
