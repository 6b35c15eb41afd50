import { type Client, createClient, fetchExchange } from '@urql/core'
import { cacheExchange } from '@urql/exchange-graphcache'
import { expect, test, vi } from 'vitest'
import { testCache } from './conformance.ts'
import { documentOf } from './documents.ts'
import { extractRecipes, importRecipe } from './recipes.ts'

const folder = await extractRecipes('urql')
const { createUrqlClient } = await importRecipe<{ createUrqlClient(url: string, onExpired: () => void): Client }>(
  folder,
  'urql.ts',
)

testCache('urql', async (url, onExpired) => {
  const client = createUrqlClient(url, onExpired)
  return {
    async query(name, variables) {
      const { data, error } = await client.query(documentOf(name), variables, { requestPolicy: 'network-only' })
      if (error) throw error
      return data
    },
    async cached(name, variables) {
      const { data } = await client.query(documentOf(name), variables, { requestPolicy: 'cache-only' })
      return data ?? null
    },
    async mutate(name, variables) {
      const { data, error } = await client.mutation(documentOf(name), variables)
      if (error) throw error
      return data
    },
    subscribe(name, variables, onData) {
      const { unsubscribe } = client.subscription(documentOf(name), variables).subscribe(({ data }) => onData(data))
      return unsubscribe
    },
  }
})

test('without the keys graphcache warns of types that have none', async () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const data = { node: { __typename: 'Run', id: '1', progress: { __typename: 'RunProgress', total: 1 } } }
  const client = createClient({
    url: 'http://server.example',
    fetch: async () => new Response(JSON.stringify({ data }), { headers: { 'content-type': 'application/json' } }),
    exchanges: [cacheExchange({}), fetchExchange],
  })
  await client.query('{ node(id: "1") { __typename id ... on Run { progress { total } } } }', {})
  expect(String(warned.mock.calls)).toContain('Invalid key')
  vi.restoreAllMocks()
})
