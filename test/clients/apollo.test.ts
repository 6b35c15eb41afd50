import { type ApolloClient, gql, InMemoryCache } from '@apollo/client'
import { afterEach, expect, test, vi } from 'vitest'
import { testCache } from './conformance.ts'
import { documentOf } from './documents.ts'
import { extractRecipes, importRecipe } from './recipes.ts'

const folder = await extractRecipes('apollo')
const { createApolloClient } = await importRecipe<{ createApolloClient(url: string): ApolloClient }>(
  folder,
  'apollo.ts',
)

const clients: ApolloClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.stop()
})

testCache('Apollo Client', async (url, onExpired) => {
  const client = createApolloClient(url)
  clients.push(client)
  client.onResetStore(async () => onExpired())
  return {
    async query(name, variables) {
      const { data } = await client.query({ query: documentOf(name), variables, fetchPolicy: 'network-only' })
      return data
    },
    cached: async (name, variables) => client.readQuery({ query: documentOf(name), variables }),
    async mutate(name, variables) {
      const { data } = await client.mutate({ mutation: documentOf(name), variables })
      return data
    },
    subscribe(name, variables, onData) {
      const subscription = client
        .subscribe({ query: documentOf(name), variables })
        .subscribe(({ data }) => onData(data))
      return () => subscription.unsubscribe()
    },
  }
})

test('without the type policies Apollo warns of lost data', () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const cache = new InMemoryCache()
  const write = (fields: string, progress: object) =>
    cache.writeFragment({
      id: 'Run:1',
      fragment: gql(`fragment Figures on Run { progress { ${fields} } }`),
      data: { __typename: 'Run', progress: { __typename: 'RunProgress', ...progress } },
    })
  write('total queued', { total: 1, queued: 1 })
  write('total running', { total: 1, running: 1 })
  expect(String(warned.mock.calls)).toContain('Cache data may be lost')
  vi.restoreAllMocks()
})
