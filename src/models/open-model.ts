import type { EmbeddingModelV4, Experimental_DecisionModelV4, LanguageModelV4 } from '@ai-sdk/provider'
import { TaskError } from '../domain/execution/task.ts'
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

/** A model of a provider that answers. */
export async function openModel(access: ModelAccess, model: string, fetch: ProviderFetch): Promise<LanguageModelV4> {
  return (await openProvider(access, fetch)).languageModel(model)
}

/** A model of a provider that makes embeddings of texts. @throws {TaskError} the provider has none */
export async function openEmbeddingModel(
  access: ModelAccess,
  model: string,
  fetch: ProviderFetch,
): Promise<EmbeddingModelV4> {
  const { embeddingModel } = await openProvider(access, fetch)
  if (embeddingModel) return embeddingModel(model)
  const message = `Expected a provider with models of embeddings, got ${access.name}, which is ${access.address.kind}.`
  throw new TaskError('MODEL_NOT_FOUND', message, { retryable: false })
}

/** A model of a provider that decides. @throws {TaskError} the provider has none */
export async function openDecisionModel(
  access: ModelAccess,
  model: string,
  fetch: ProviderFetch,
): Promise<Experimental_DecisionModelV4> {
  const { decisionModel } = await openProvider(access, fetch)
  if (decisionModel) return decisionModel(model)
  const { kind } = access.address
  const message = `Expected a provider with models that decide (OPENAI, ANTHROPIC or GOOGLE), got ${access.name}, which is ${kind}: use the method STRUCTURED.`
  throw new TaskError('MODEL_NOT_FOUND', message, { retryable: false })
}

interface OpenProvider {
  /** Absent of a provider without. */
  decisionModel?: (model: string) => Experimental_DecisionModelV4
  languageModel: (model: string) => LanguageModelV4
  /** Null of a provider without. */
  embeddingModel: ((model: string) => EmbeddingModelV4) | null
}

/**
 * The SDK of a provider is loaded when the first model of it is opened. Everything that it would otherwise read from the
 * environment is passed: no provider gets a key or an address that it was not given.
 */
async function openProvider({ address, apiKey: given }: ModelAccess, fetch: ProviderFetch): Promise<OpenProvider> {
  const { kind, region, resourceName, apiVersion, accessKeyId } = address
  const baseURL = address.baseUrl ?? usualBaseUrls[kind] ?? undefined
  const apiKey = given ?? ''
  switch (kind) {
    case 'OPENAI': {
      const { createOpenAI } = await import('@ai-sdk/openai')
      const provider = createOpenAI({ baseURL, apiKey, fetch })
      const decisionModel = (model: string) => provider.decisionModel(model)
      return { languageModel: provider.responses, embeddingModel: provider.embeddingModel, decisionModel }
    }
    case 'ANTHROPIC': {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      const provider = createAnthropic({ baseURL, apiKey, fetch })
      const decisionModel = (model: string) => provider.decisionModel(model)
      return { languageModel: provider, embeddingModel: null, decisionModel }
    }
    case 'GOOGLE': {
      const { createGoogle } = await import('@ai-sdk/google')
      const provider = createGoogle({ baseURL, apiKey, fetch })
      const decisionModel = (model: string) => provider.decisionModel(model)
      return { languageModel: provider, embeddingModel: provider.embeddingModel, decisionModel }
    }
    case 'AZURE': {
      const { createAzure } = await import('@ai-sdk/azure')
      const where = baseURL === undefined ? { resourceName: resourceName ?? '' } : { baseURL }
      const version = apiVersion === null ? {} : { apiVersion }
      const byDeployment = apiVersion !== null && isDate(apiVersion)
      const provider = createAzure({ ...where, ...version, apiKey, fetch, useDeploymentBasedUrls: byDeployment })
      return { languageModel: byDeployment ? provider.chat : provider, embeddingModel: provider.embeddingModel }
    }
    case 'BEDROCK': {
      const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock')
      const credentials = accessKeyId === null ? { apiKey } : { apiKey: '', accessKeyId, secretAccessKey: apiKey }
      const domain = region?.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
      const host = baseURL ?? `https://bedrock-runtime.${region}.${domain}`
      const provider = createAmazonBedrock({ ...credentials, region: region ?? '', baseURL: host, fetch })
      return { languageModel: provider, embeddingModel: (model) => provider.embeddingModel(model) }
    }
    default: {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      const provider = createOpenAICompatible({
        name: kind.toLowerCase(),
        baseURL: baseURL ?? '',
        ...(given !== null && { apiKey }),
        fetch,
        // Without it their streams have no usage.
        includeUsage: true,
        supportsStructuredOutputs: true,
        metadataExtractor: reportedCost,
      })
      return { languageModel: provider.chatModel, embeddingModel: provider.embeddingModel }
    }
  }
}

/** Versions of Azure's API that are dates know no Responses, and have a URL for each deployment. */
function isDate(apiVersion: string): boolean {
  return /^\d{4}-/.test(apiVersion)
}
