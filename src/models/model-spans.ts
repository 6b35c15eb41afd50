/** A span for each call of a model, with the attributes of OpenTelemetry's conventions for generative AI. */
import type { LanguageModelUsage } from 'ai'
import type { SpanAttributes, TaskContext, TaskSpan } from '../domain/execution/task.ts'
import type { ProviderKind } from '../domain/model/provider.ts'
import type { ModelParameters } from '../domain/prompt/prompt.ts'
import type { ModelAccess } from './open-model.ts'

interface Traced {
  access: Pick<ModelAccess, 'address'>
  model: { modelId: string }
  parameters: ModelParameters
}

interface SpanCallbacks {
  onLanguageModelCallStart?: () => void
  onLanguageModelCallEnd?: (event: { finishReason: string; usage: LanguageModelUsage; responseId: string }) => void
  onStepError?: (event: { error: unknown }) => void
}

/** Callbacks for the SDK. */
export function traceModelCalls({ access, model, parameters }: Traced, { span, signal }: TaskContext): SpanCallbacks {
  if (!span) return {}
  let current: TaskSpan | null = null
  return {
    onLanguageModelCallStart() {
      current = span(`chat ${model.modelId}`, {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': providerNames[access.address.kind] ?? access.address.kind.toLowerCase(),
        'gen_ai.request.model': model.modelId,
        ...request(parameters),
      })
    },
    onLanguageModelCallEnd(event) {
      const { inputTokens, outputTokens, inputTokenDetails } = event.usage
      current?.end({
        'gen_ai.response.id': event.responseId,
        'gen_ai.response.finish_reasons': [event.finishReason],
        ...(inputTokens !== undefined && { 'gen_ai.usage.input_tokens': inputTokens }),
        ...(inputTokenDetails.cacheReadTokens !== undefined && {
          'gen_ai.usage.cache_read.input_tokens': inputTokenDetails.cacheReadTokens,
        }),
        ...(outputTokens !== undefined && { 'gen_ai.usage.output_tokens': outputTokens }),
      })
      current = null
    },
    onStepError({ error }) {
      const code = signal.aborted ? 'aborted' : error instanceof Error ? error.name : 'error'
      // Not the provider's words: they may repeat what was sent.
      current?.end({}, { code, message: 'The call of the model failed.' })
      current = null
    },
  }
}

const providerNames: Partial<Record<ProviderKind, string>> = {
  GOOGLE: 'gcp.gemini',
  AZURE: 'azure.ai.openai',
  BEDROCK: 'aws.bedrock',
}

function request(parameters: ModelParameters): SpanAttributes {
  const named = {
    'gen_ai.request.temperature': parameters.temperature,
    'gen_ai.request.max_tokens': parameters.maxOutputTokens,
    'gen_ai.request.top_p': parameters.topP,
    'gen_ai.request.top_k': parameters.topK,
    'gen_ai.request.presence_penalty': parameters.presencePenalty,
    'gen_ai.request.frequency_penalty': parameters.frequencyPenalty,
    'gen_ai.request.stop_sequences': parameters.stopSequences,
    'gen_ai.request.seed': parameters.seed,
  }
  return Object.fromEntries(Object.entries(named).filter((entry) => entry[1] !== undefined)) as SpanAttributes
}
