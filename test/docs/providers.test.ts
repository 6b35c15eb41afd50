/** Follows docs/providers.md literally. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { usualBaseUrls } from '../../src/domain/model/provider.ts'
import { blocksOf, executed } from '../helpers/documented.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

test('the operations on the page work, in their order', async () => {
  const [openai = '', anthropic = '', local = '', check = '', models = '', price = '', limit = '', ...more] = blocksOf(
    'docs/providers.md',
    'graphql',
  )
  expect(more).toEqual([])
  await executed(t, openai)
  const stored = await executed(t, anthropic.replace('sk-ant-…', 'sk-ant-0123456789'))
  expect(stored.createProvider.provider).toMatchObject({ keySource: 'STORED' })
  const { id } = (await executed(t, local)).createProvider.provider
  const { query, variables } = { query: check.replace('<id of the provider>', id), variables: {} }
  const { data } = await t.query(query, variables)
  expect(data.testProvider.message).not.toBe('')
  const listed = await executed(t, models)
  const known = {
    name: 'gpt-4o-mini',
    contextTokens: 128_000,
    prices: { input: 0.15, output: 0.6, cachedInput: 0.075 },
  }
  expect(listed.models.nodes).toContainEqual(known)
  await executed(t, price, { 'id of the provider': id })
  await executed(t, limit)
})

test('the table has the usual addresses', () => {
  const page = blocksOf('docs/providers.md', 'graphql').length
  expect(page).toBe(7)
  expect(usualBaseUrls).toMatchObject({
    OPENAI: 'https://api.openai.com/v1',
    ANTHROPIC: 'https://api.anthropic.com/v1',
    GOOGLE: 'https://generativelanguage.googleapis.com/v1beta',
    OPENROUTER: 'https://openrouter.ai/api/v1',
    OLLAMA: 'http://127.0.0.1:11434/v1',
    VLLM: 'http://127.0.0.1:8000/v1',
    LM_STUDIO: 'http://127.0.0.1:1234/v1',
    LITELLM: 'http://127.0.0.1:4000/v1',
  })
})
