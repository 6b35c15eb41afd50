/** Who serves models, and what each of them needs. */
import type { ProviderKind } from '../../../gql/graphql.ts'

export interface KindOfProvider {
  value: ProviderKind
  label: string
  /** The name that is suggested. */
  name: string
  key: 'NEEDED' | 'POSSIBLE'
  /** The environment variable that usually has the key. */
  variable: string
  baseUrl: 'NEEDED' | 'POSSIBLE'
  /** The address without one. */
  address: string
  more: readonly ('region' | 'resourceName' | 'apiVersion' | 'accessKeyId')[]
}

const hosted = { key: 'NEEDED', baseUrl: 'POSSIBLE', more: [] } as const
const own = { key: 'POSSIBLE', baseUrl: 'POSSIBLE', more: [] } as const

export const hostedKinds: readonly KindOfProvider[] = [
  {
    ...hosted,
    value: 'OPENAI',
    label: 'OpenAI',
    name: 'openai',
    variable: 'OPENAI_API_KEY',
    address: 'https://api.openai.com/v1',
  },
  {
    ...hosted,
    value: 'ANTHROPIC',
    label: 'Anthropic',
    name: 'anthropic',
    variable: 'ANTHROPIC_API_KEY',
    address: 'https://api.anthropic.com/v1',
  },
  {
    ...hosted,
    value: 'GOOGLE',
    label: 'Google',
    name: 'google',
    variable: 'GEMINI_API_KEY',
    address: 'https://generativelanguage.googleapis.com/v1beta',
  },
  {
    ...hosted,
    value: 'AZURE',
    label: 'Azure OpenAI',
    name: 'azure',
    variable: 'AZURE_API_KEY',
    address: 'made of the resource',
    more: ['resourceName', 'apiVersion'],
  },
  {
    ...hosted,
    value: 'BEDROCK',
    label: 'Amazon Bedrock',
    name: 'bedrock',
    variable: 'AWS_BEARER_TOKEN_BEDROCK',
    address: 'made of the region',
    more: ['region', 'accessKeyId'],
  },
  {
    ...hosted,
    value: 'OPENROUTER',
    label: 'OpenRouter',
    name: 'openrouter',
    variable: 'OPENROUTER_API_KEY',
    address: 'https://openrouter.ai/api/v1',
  },
]

export const ownKinds: readonly KindOfProvider[] = [
  {
    ...own,
    value: 'OLLAMA',
    label: 'Ollama',
    name: 'ollama',
    variable: 'OLLAMA_API_KEY',
    address: 'http://127.0.0.1:11434/v1',
  },
  { ...own, value: 'VLLM', label: 'vLLM', name: 'vllm', variable: 'VLLM_API_KEY', address: 'http://127.0.0.1:8000/v1' },
  {
    ...own,
    value: 'LM_STUDIO',
    label: 'LM Studio',
    name: 'lm-studio',
    variable: 'LM_STUDIO_API_KEY',
    address: 'http://127.0.0.1:1234/v1',
  },
  {
    ...own,
    value: 'LITELLM',
    label: 'LiteLLM',
    name: 'litellm',
    variable: 'LITELLM_API_KEY',
    address: 'http://127.0.0.1:4000/v1',
  },
  {
    ...own,
    value: 'OPENAI_COMPATIBLE',
    label: 'Compatible with OpenAI',
    name: 'own',
    variable: 'ASSAY_PROVIDER_OWN',
    baseUrl: 'NEEDED',
    address: 'http://127.0.0.1:8080/v1',
  },
]

export function kindOf(value: ProviderKind): KindOfProvider {
  const found = [...hostedKinds, ...ownKinds].find((kind) => kind.value === value)
  if (!found) throw new Error(`Expected a known kind of provider, got ${value}.`)
  return found
}
