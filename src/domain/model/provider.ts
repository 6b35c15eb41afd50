/** Who serves models. Those from OLLAMA on speak OpenAI's protocol, as OPENAI_COMPATIBLE, at a usual address. */
export const providerKinds = [
  'OPENAI',
  'ANTHROPIC',
  'GOOGLE',
  'AZURE',
  'BEDROCK',
  'OPENAI_COMPATIBLE',
  'OLLAMA',
  'VLLM',
  'LM_STUDIO',
  'OPENROUTER',
  'LITELLM',
] as const
export type ProviderKind = (typeof providerKinds)[number]

/** Where the models of a provider are served, without the key. */
export interface ModelAddress {
  kind: ProviderKind
  /** Null: as the provider says, which is {@link usualBaseUrls} or made of the rest. */
  baseUrl: string | null
  /** Of Bedrock. */
  region: string | null
  /** Of Azure. */
  resourceName: string | null
  /** Of Azure. */
  apiVersion: string | null
  /** Of Bedrock: the id of the access key whose secret is the key; null: the key is an API key of Bedrock. */
  accessKeyId: string | null
}

/**
 * Where a provider usually is; null: it depends on other members. Always passed on: the SDK would read other addresses
 * from the environment, and send them the key.
 */
export const usualBaseUrls: Record<ProviderKind, string | null> = {
  OPENAI: 'https://api.openai.com/v1',
  ANTHROPIC: 'https://api.anthropic.com/v1',
  GOOGLE: 'https://generativelanguage.googleapis.com/v1beta',
  AZURE: null,
  BEDROCK: null,
  OPENAI_COMPATIBLE: null,
  OLLAMA: 'http://127.0.0.1:11434/v1',
  VLLM: 'http://127.0.0.1:8000/v1',
  LM_STUDIO: 'http://127.0.0.1:1234/v1',
  OPENROUTER: 'https://openrouter.ai/api/v1',
  LITELLM: 'http://127.0.0.1:4000/v1',
}

/** Whether its models cannot be called without a key. */
export function needsKey(kind: ProviderKind): boolean {
  return ['OPENAI', 'ANTHROPIC', 'GOOGLE', 'AZURE', 'BEDROCK', 'OPENROUTER'].includes(kind)
}
