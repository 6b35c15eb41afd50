/** Azure's OpenAI: Responses under v1, and Chat Completions of a deployment with the version of the API. */
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import type { Protocol } from './reply.ts'

export const azureResponses: Protocol = {
  ...openaiResponses,
  // A server at another address than Azure's is taken for a gateway, which has v1 in its address or not.
  route: /^\/azure\/openai(\/v1)?\/responses$/,
}

export const azureDeployment: Protocol = {
  ...openaiChat,
  route: /^\/azure\/openai\/deployments\/(?<model>[^/]+)\/chat\/completions$/,
  events(answer, model) {
    const { before, parts, after } = openaiChat.events(answer, model)
    // First comes what its filters say of the prompt.
    const verdict = { id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [] }
    return { before: [`data: ${JSON.stringify(verdict)}\n\n`, ...before], parts, after }
  },
}
