/** What a feed reads is what its document selects, all of it from the same moment. */
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestServer
let run: string

beforeAll(async () => {
  t = await startTestServer()
  const executions = [0, 1].map((item) => ({ item, scores: { good: true } }))
  run = encodeGlobalId('Run', await recordRun(t, await seedDataset(t, [1, 2]), executions))
})
afterAll(() => t[Symbol.asyncDispose]())

/** The first event of a subscription, and the statements sent for it after the caller was authenticated. */
async function firstEvent(query: string) {
  const client = createClient({ url: `${t.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
  onTestFinished(() => void client.dispose())
  const [{ data, errors }, statements] = await recordStatements(async () => {
    const events = client.iterate<Record<string, Record<string, unknown>>>({ query })
    const { value } = await events.next()
    await events.return?.()
    return value ?? {}
  })
  expect(errors).toBeUndefined()
  return { data, statements }
}

const readsItems = (statement: string) => /\b(run_item|score)\b(?!_)/.test(statement)
const stats = 'status progress { succeeded } stats { latencyMs { avg } scores { name mean } }'

test.each([
  ['runFeed', () => `runFeed(runId: "${run}") { done run { ${stats} } }`],
  ['comparisonFeed', () => `comparisonFeed(baselineId: "${run}", candidateIds: ["${run}"]) { done runs { ${stats} } }`],
  ['runsFeed', () => `runsFeed { runs { ${stats} } }`],
])('a document of %s without items reads none', async (name, field) => {
  const { data, statements } = await firstEvent(`subscription { ${field()} }`)
  expect(data).toHaveProperty(name)
  expect(statements.some((statement) => /\brun\b/.test(statement))).toBe(true)
  expect(statements.filter(readsItems)).toEqual([])
})

test('a batch of a comparison is read in one transaction, whatever the document selects of it', async () => {
  const selection = `cursor runs { ${stats} } metrics { metric { name } pairs candidate { ${stats} } }
    rows { datasetItem { id } cells { run { ${stats} } items { status scores { name value } } } }`
  const field = `comparisonFeed(baselineId: "${run}", candidateIds: ["${run}"]) { ${selection} }`
  const { data, statements } = await firstEvent(`subscription { ${field} }`)
  expect(data).toMatchObject({
    comparisonFeed: {
      runs: [{ stats: { scores: [{ name: 'good', mean: 1 }] } }, {}],
      rows: [{ cells: [{ items: [{ scores: [{ name: 'good', value: 1 }] }] }, {}] }, {}],
    },
  })
  const begin = statements.findIndex((statement) => statement.startsWith('BEGIN ISOLATION LEVEL REPEATABLE READ'))
  expect(statements.slice(begin).filter((statement) => statement === 'COMMIT')).toHaveLength(1)
  expect(statements.at(-1)).toBe('COMMIT')
})
