/** The other two versions of the classifier: two prompts on a model, `npm run demo -- --model …`. */
import { CliError } from '../../src/cli/cli-error.ts'
import { graphql } from '../../src/cli/gql/gql.ts'
import type { CreateProviderInput } from '../../src/cli/gql/graphql.ts'
import type { GraphQLClient } from '../../src/cli/graphql-client.ts'
import type { Version } from './experiments.ts'
import { categories } from './phrases.ts'

const FindProvider = graphql(/* GraphQL */ `
  query FindProvider($name: String!) {
    provider(name: $name) { id }
  }
`)

const CreateProvider = graphql(/* GraphQL */ `
  mutation CreateProvider($input: CreateProviderInput!) {
    createProvider(input: $input) {
      __typename
      ... on CreateProviderPayload { provider { id } }
      ... on UserError { message }
    }
  }
`)

const TestProvider = graphql(/* GraphQL */ `
  mutation TestProvider($input: TestProviderInput!) {
    testProvider(input: $input) {
      __typename
      ... on TestProviderPayload { problem message }
      ... on UserError { message }
    }
  }
`)

const how = `Expected a model and where it is served. For example:
  OPENAI_API_KEY=sk-…      npm run demo -- --model gpt-4o-mini
  ANTHROPIC_API_KEY=sk-…   npm run demo -- --model claude-haiku-4-5
  OLLAMA_URL=http://127.0.0.1:11434 npm run demo -- --model llama3.2
Without --model it compares two programs, and calls nothing.`

/**
 * The provider of a model, by what the environment has.
 * @param env OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_URL; OPENAI_BASE_URL for another address
 * @throws {CliError} saying how
 */
export function providerOf(model: string, env: NodeJS.ProcessEnv): CreateProviderInput {
  if (model.trim() === '') throw new CliError(how)
  const isClaude = /^claude/i.test(model)
  if (env.ANTHROPIC_API_KEY && (isClaude || !env.OPENAI_API_KEY)) {
    return { name: 'anthropic', kind: 'ANTHROPIC', apiKeyVariable: 'ANTHROPIC_API_KEY' }
  }
  if (env.OPENAI_API_KEY && !isClaude) {
    const baseUrl = env.OPENAI_BASE_URL ?? null
    return { name: 'openai', kind: 'OPENAI', apiKeyVariable: 'OPENAI_API_KEY', baseUrl }
  }
  if (env.OLLAMA_URL)
    return { name: 'ollama', kind: 'OLLAMA', baseUrl: `${env.OLLAMA_URL.replace(/\/(v1\/?)?$/, '')}/v1` }
  throw new CliError(how)
}

/** Creates the provider unless an earlier demo left it. @throws {CliError} when the model does not answer */
export async function prepareProvider(client: GraphQLClient, input: CreateProviderInput, model: string): Promise<void> {
  const { provider } = await client.request(FindProvider, { name: input.name })
  const id = provider?.id ?? (await create(client, input))
  const { testProvider } = await client.request(TestProvider, { input: { id, model } })
  if (testProvider.__typename !== 'TestProviderPayload') throw new CliError(testProvider.message)
  if (testProvider.problem) throw new CliError(testProvider.message)
}

async function create(client: GraphQLClient, input: CreateProviderInput): Promise<string> {
  const { createProvider } = await client.request(CreateProvider, { input })
  if (createProvider.__typename !== 'CreateProviderPayload') throw new CliError(createProvider.message)
  return createProvider.provider.id
}

const question = 'Subject: {{subject}}\n\n{{body}}'

const answer = {
  type: 'object',
  properties: { category: { enum: categories }, confidence: { type: 'number' } },
  required: ['category', 'confidence'],
  additionalProperties: false,
}

const plain = `You sort support tickets. Answer with the category (${categories.join(', ')}) of what the customer wants, and with
your confidence that it is right, from 0 to 1.`

const careful = `${plain}
Look for the request itself: customers also mention in passing what they do not write about, and describe some things
without the usual words. A question of how to do something is how-to, even if it is about bills; a thing that does not
work as it should is a bug; a thing that cannot be done yet is a feature-request.`

/** The same question after two instructions. */
export function promptVersions(provider: string, model: string): [Version, Version] {
  return [version('plain prompt', plain), version('careful prompt', careful)]

  function version(name: string, instructions: string): Version {
    const content = {
      messages: [
        { role: 'SYSTEM' as const, content: instructions },
        { role: 'USER' as const, content: question },
      ],
      outputSchema: answer,
    }
    return {
      name: `${name} on ${model}`,
      task: { prompt: { provider, model, stream: true, prompt: { content } } },
      settings: { concurrency: 8, maxFailureRate: 0.5, budgetUsd: 1 },
    }
  }
}
