import type { LanguageModelV4 } from '@ai-sdk/provider'
import { type ModelAddress, usualBaseUrls } from '../domain/model/provider.ts'
import type { ProviderFetch } from './provider-fetch.ts'
import { reportedCost } from './reported-cost.ts'

/** A provider with its key. */
export interface ModelAccess {
  /** For messages. */
  name: string
  address: ModelAddress
  /** Null: none is sent. */
  apiKey: string | null
}

/**
 * A model of a provider. The SDK of a provider is loaded when the first model of it is opened. Everything that it
 * would otherwise read from the environment is passed: no provider gets a key or an address that it was not given.
 */
export async function openModel(
  { address, apiKey: given }: ModelAccess,
  model: string,
  fetch: ProviderFetch,
): Promise<LanguageModelV4> {
  const { kind, region, resourceName, apiVersion, accessKeyId } = address
  const baseURL = address.baseUrl ?? usualBaseUrls[kind] ?? undefined
  const apiKey = given ?? ''
  switch (kind) {
    case 'OPENAI': {
      const { createOpenAI } = await import('@ai-sdk/openai')
      return createOpenAI({ baseURL, apiKey, fetch }).responses(model)
    }
    case 'ANTHROPIC': {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      return createAnthropic({ baseURL, apiKey, fetch })(model)
    }
    case 'GOOGLE': {
      const { createGoogle } = await import('@ai-sdk/google')
      return createGoogle({ baseURL, apiKey, fetch })(model)
    }
    case 'AZURE': {
      const { createAzure } = await import('@ai-sdk/azure')
      const where = baseURL === undefined ? { resourceName: resourceName ?? '' } : { baseURL }
      const version = apiVersion === null ? {} : { apiVersion }
      if (apiVersion === null || !isDate(apiVersion)) return createAzure({ ...where, ...version, apiKey, fetch })(model)
      return createAzure({ ...where, ...version, apiKey, fetch, useDeploymentBasedUrls: true }).chat(model)
    }
    case 'BEDROCK': {
      const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock')
      const credentials = accessKeyId === null ? { apiKey } : { apiKey: '', accessKeyId, secretAccessKey: apiKey }
      const domain = region?.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
      const host = baseURL ?? `https://bedrock-runtime.${region}.${domain}`
      return createAmazonBedrock({ ...credentials, region: region ?? '', baseURL: host, fetch })(model)
    }
    default: {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      return createOpenAICompatible({
        name: kind.toLowerCase(),
        baseURL: baseURL ?? '',
        ...(given !== null && { apiKey }),
        fetch,
        // Without it their streams have no usage.
        includeUsage: true,
        supportsStructuredOutputs: true,
        metadataExtractor: reportedCost,
      }).chatModel(model)
    }
  }
}

/** Versions of Azure's API that are dates know no Responses, and have a URL for each deployment. */
function isDate(apiVersion: string): boolean {
  return /^\d{4}-/.test(apiVersion)
}
