/** Models that refuse a part of a request which others know: who can do without it may call again. */
import { APICallError } from '@ai-sdk/provider'
import { TaskError } from '../domain/execution/task.ts'

export type ModelFeature = 'schema' | 'tools' | 'temperature'

/** The model of this call does not know a feature. It is classified as any other refusal. */
export class RefusedFeatureError extends TaskError {
  readonly feature: ModelFeature

  constructor(feature: ModelFeature, ...error: ConstructorParameters<typeof TaskError>) {
    super(...error)
    this.feature = feature
  }
}

/** How providers name them in what they say of a request. */
const names: Record<ModelFeature, RegExp> = {
  schema:
    /response_?format|json_?schema|structured[ _-]?output|output_?(config|format)|response_?schema|text\.format|grammar/i,
  tools: /\btools?\b|tool_?(choice|use|call)|function[ _-]?call/i,
  temperature: /temperature/i,
}

/** The feature that a provider has refused, of those that the call used; null if it is about something else. */
export function refusedFeature(error: unknown, used: readonly ModelFeature[]): ModelFeature | null {
  if (!APICallError.isInstance(error)) return null
  const { statusCode = 0, message, responseBody = '' } = error
  const said = `${message} ${responseBody}`
  // llama.cpp answers 500 to what it was not started for.
  if (!refusals.has(statusCode) && !(statusCode === 500 && /\brequires?\b|support/i.test(said))) return null
  return used.find((feature) => names[feature].test(said)) ?? null
}

/** Also 404, which OpenRouter answers when nobody serves the model with it, and 501 of servers that have not built it. */
const refusals = new Set([400, 404, 405, 422, 501])
