import type { PromptTaskSpec } from '../../src/domain/execution/prompt-task.ts'
import type { ProviderKind } from '../../src/domain/model/provider.ts'
import type { PromptContent } from '../../src/domain/prompt/prompt.ts'
import { createProvider } from '../../src/engine/providers/providers.ts'
import type { TestEngine } from './engine.ts'
import { testKey } from './model-call.ts'

/** A provider of the engine's project with a stored key. */
export async function seedProvider(
  { services, scope }: TestEngine,
  baseUrl: string,
  { name = 'test', kind = 'OPENAI' as ProviderKind, apiKey = testKey } = {},
) {
  return createProvider(services, scope, { name, kind, baseUrl, apiKey })
}

/** A task that asks the model the item's input. */
export function promptTask(parts: Partial<PromptTaskSpec> = {}, content: Partial<PromptContent> = {}): PromptTaskSpec {
  return {
    kind: 'prompt',
    provider: 'test',
    model: 'gpt-4o-mini',
    prompt: {
      content: {
        messages: [{ role: 'USER', content: '{{input}}' }],
        parameters: {},
        tools: [],
        maxSteps: 5,
        ...content,
      },
    },
    parameters: {},
    stream: true,
    firstTokenTimeoutMs: null,
    nextTokenTimeoutMs: 60_000,
    ...parts,
  }
}
