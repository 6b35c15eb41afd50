import type { PromptTaskSpec } from '../../src/domain/execution/prompt-task.ts'
import type { ModelProvider } from '../../src/domain/model/connection.ts'
import type { PromptContent } from '../../src/domain/prompt/prompt.ts'
import { createConnection } from '../../src/engine/providers/connections.ts'
import type { TestEngine } from './engine.ts'
import { testKey } from './model-call.ts'

/** A connection of the engine's project with a stored key. */
export async function seedConnection(
  { services, scope }: TestEngine,
  baseUrl: string,
  { name = 'test', provider = 'OPENAI' as ModelProvider, apiKey = testKey } = {},
) {
  return createConnection(services, scope, { name, provider, baseUrl, apiKey })
}

/** A task that asks the model the item's input. */
export function promptTask(parts: Partial<PromptTaskSpec> = {}, content: Partial<PromptContent> = {}): PromptTaskSpec {
  return {
    kind: 'prompt',
    connection: 'test',
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
