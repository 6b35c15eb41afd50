/** The models that a provider says it serves. */
import { usualBaseUrls } from '../domain/model/provider.ts'
import type { ModelAccess } from './open-model.ts'
import type { ProviderFetch } from './provider-fetch.ts'

/** Null when the provider does not tell. */
export async function listServedModels(
  { address, apiKey }: ModelAccess,
  fetch: ProviderFetch,
  signal: AbortSignal,
): Promise<string[] | null> {
  const { kind } = address
  const base = address.baseUrl ?? usualBaseUrls[kind]
  if (base === null || kind === 'AZURE' || kind === 'BEDROCK') return null
  try {
    const response = await fetch(`${base}/models`, { headers: authorization(kind, apiKey), signal })
    if (!response.ok) return null
    const body = (await response.json()) as { data?: unknown; models?: unknown }
    const models = Array.isArray(body.data) ? body.data : Array.isArray(body.models) ? body.models : []
    const names = models.flatMap(({ id, name }: { id?: unknown; name?: unknown }) => {
      const found = typeof id === 'string' ? id : name
      return typeof found === 'string' ? [found.replace(/^models\//, '')] : []
    })
    return names.length > 0 ? names.sort() : null
  } catch {
    return null
  }
}

function authorization(kind: string, apiKey: string | null): Record<string, string> {
  if (apiKey === null) return {}
  if (kind === 'ANTHROPIC') return { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' }
  return kind === 'GOOGLE' ? { 'x-goog-api-key': apiKey } : { authorization: `Bearer ${apiKey}` }
}
