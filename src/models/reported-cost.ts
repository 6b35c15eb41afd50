/** The cost of a call in US dollars, as gateways report it: OpenRouter in the usage, LiteLLM in a header. */

import type { MetadataExtractor } from '@ai-sdk/openai-compatible'
import type { SharedV4ProviderMetadata } from '@ai-sdk/provider'
import { costOf } from '../domain/execution/usage.ts'

const key = 'assay'

export const reportedCost: MetadataExtractor = {
  extractMetadata: async ({ parsedBody }) => metadata(parsedBody),
  createStreamExtractor() {
    let found: SharedV4ProviderMetadata | undefined
    return {
      processChunk(chunk) {
        found = metadata(chunk) ?? found
      },
      buildMetadata: () => found,
    }
  },
}

/** What {@link reportedCost} has found, or the header says; null when the provider reports no cost. */
export function costReportedBy(
  providerMetadata: Record<string, Record<string, unknown>> | undefined,
  headers: Readonly<Record<string, string>> | undefined,
): number | null {
  const header = headers?.['x-litellm-response-cost']
  return costOf(providerMetadata?.[key]?.cost) ?? costOf(header)
}

function metadata(body: unknown): SharedV4ProviderMetadata | undefined {
  const usage = (body as { usage?: { cost?: unknown } } | null | undefined)?.usage
  const cost = costOf(usage?.cost)
  return cost === null ? undefined : { [key]: { cost } }
}
