import { CliError } from './cli-error.ts'
import type { ApiKeysQuery } from './gql/graphql.ts'
import { graphql } from './gql/index.ts'
import { GraphQLClient } from './graphql-client.ts'
import type { ApiKeys, ListedKey } from './keys-of-database.ts'

const create = graphql(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      __typename
      ... on CreateApiKeyPayload { key }
      ... on UserError { message }
    }
  }
`)

const list = graphql(`
  query ApiKeys($prefix: String!, $after: String) {
    apiKeys(first: 100, after: $after, filter: { prefix: $prefix }) {
      nodes { id prefix role name lastUsedAt project { name } }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const revoke = graphql(`
  mutation RevokeApiKey($id: ID!) {
    revokeApiKey(input: { id: $id }) {
      __typename
      ... on UserError { message }
    }
  }
`)

/**
 * Works on the keys of a server, with the key in ASSAY_API_KEY.
 * @param project the project of created keys; default: that of the key
 * @throws {CliError} when the server is unreachable or refuses
 */
export async function withServerKeys(
  url: string,
  project: string | undefined,
  work: (keys: ApiKeys) => Promise<void>,
): Promise<void> {
  const client = new GraphQLClient(url, project)
  try {
    await work(keysOf(client))
  } finally {
    await client.close()
  }
}

function keysOf(client: GraphQLClient): ApiKeys {
  return {
    async create(input) {
      const { createApiKey: result } = await client.request(create, {
        input: { ...input, installation: input.installation ?? false },
      })
      if (result.__typename !== 'CreateApiKeyPayload') throw new CliError(result.message)
      return result.key
    },
    async list(prefix) {
      const found: ListedKey[] = []
      let after: string | null = null
      do {
        const { apiKeys: page }: ApiKeysQuery = await client.request(list, { prefix, after })
        for (const { lastUsedAt, project, ...key } of page?.nodes ?? []) {
          found.push({ ...key, project: project?.name ?? null, lastUsedAt: lastUsedAt ? new Date(lastUsedAt) : null })
        }
        after = page?.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null
      } while (after !== null)
      return found
    },
    async revoke(id) {
      const { revokeApiKey: result } = await client.request(revoke, { id })
      if (result.__typename !== 'RevokeApiKeyPayload') throw new CliError(result.message)
    },
  }
}
