import { createReadStream } from 'node:fs'
import { type Client, createClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { type Gsm8kModel, gsm8k, readSolutions } from '../helpers/gsm8k.ts'
import { type ModelEndpoint, startModelEndpoint } from '../helpers/model-endpoint.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

const items = 1_319
const itemFields = 'id status input output attempts scores { name value error { message } }'

interface Item {
  id: string
  status: string
  output: string
  scores: { name: string; value: number | null }[]
}

describe.skipIf(!gsm8k.present)(`GSM8K through HTTP, GraphQL and WebSocket (${gsm8k.note})`, () => {
  let t: TestServer
  let endpoint: ModelEndpoint
  let datasetId: string

  beforeAll(async () => {
    const solutions = new Map(readSolutions().map((solution) => [solution.question, solution]))
    endpoint = await startModelEndpoint((model, question) => solutions.get(question)?.[model as Gsm8kModel].solution)
    t = await startTestServer()
    await t.startWorker()
    const imported = await fetch(`${t.url}/import/gsm8k?input=question&expected=answer&format=jsonl`, {
      method: 'POST',
      body: createReadStream(gsm8k.questions) as unknown as ReadableStream,
      duplex: 'half',
    } as RequestInit)
    expect(await imported.json()).toMatchObject({ rows: items, added: items, version: 1 })
    const { data } = await t.query(`
      mutation {
        createEvaluator(input: { name: "correct", datasetIds: null, definition: { builtin: { numeric: {
          outputPattern: "A:(.*)", expectedPattern: "####(.*)"
        } } } }) { ... on CreateEvaluatorPayload { evaluator { id } } ... on UserError { message } }
      }`)
    expect(data.createEvaluator).toEqual({ evaluator: { id: expect.any(String) } })
    datasetId = (await t.query('{ dataset(name: "gsm8k") { id itemCount } }')).data.dataset.id
  })
  afterAll(async () => {
    await t[Symbol.asyncDispose]()
    await endpoint.close()
  })

  async function startExperiment(model: string): Promise<string> {
    const { data } = await t.query(
      `mutation($input: CreateExperimentInput!) {
        createExperiment(input: $input) { ... on CreateExperimentPayload { run { id } } ... on UserError { message path } }
      }`,
      {
        input: {
          name: model,
          datasetId,
          start: true,
          task: {
            http: { url: `${endpoint.url}/${model}`, body: { question: '{{input}}' }, outputPath: '$.solution' },
          },
          settings: { concurrency: 40 },
        },
      },
    )
    expect(data.createExperiment).toHaveProperty('run.id')
    return data.createExperiment.run.id
  }

  /** Follows the run over sockets that are cut after a few batches, each time continuing from the last cursor. */
  async function follow(runId: string, cuts: number): Promise<{ items: Map<string, Item>; cut: number }> {
    const items = new Map<string, Item>()
    let after: string | null = null
    for (let cut = 0; ; ) {
      let socket: WebSocket | undefined
      const client: Client = createClient({
        url: `${t.url.replace('http', 'ws')}/graphql`,
        retryAttempts: 0,
        webSocketImpl: class extends WebSocket {
          constructor(url: string, protocols: string) {
            super(url, protocols)
            socket = this
          }
        },
      })
      let left = cut < cuts ? 1 + Math.floor(Math.random() * 4) : Infinity
      try {
        const query = `subscription($runId: ID!, $after: String) {
          runFeed(runId: $runId, after: $after) { cursor done items { ${itemFields} } }
        }`
        for await (const { data, errors } of client.iterate<{
          runFeed: { cursor: string; done: boolean; items: Item[] }
        }>({
          query,
          variables: { runId, after },
        })) {
          if (!data) throw new Error(JSON.stringify(errors))
          for (const item of data.runFeed.items) items.set(item.id, item)
          after = data.runFeed.cursor
          if (data.runFeed.done) return { items, cut }
          left -= 1
          if (left <= 0) socket?.terminate()
        }
      } catch (error) {
        // What the client sees of the cut: the socket closes without a close message.
        if ((error as { code?: unknown }).code !== 1006) throw error
        cut += 1
      } finally {
        await client.dispose()
      }
    }
  }

  async function readAll(runId: string): Promise<Map<string, Item>> {
    const all = new Map<string, Item>()
    for (let after: string | null = null; ; ) {
      const { data } = await t.query(
        `query($id: ID!, $after: String) { node(id: $id) { ... on Run {
          items(first: 100, after: $after) { nodes { ${itemFields} } pageInfo { hasNextPage endCursor } }
        } } }`,
        { id: runId, after },
      )
      for (const item of data.node.items.nodes) all.set(item.id, item)
      if (!data.node.items.pageInfo.hasNextPage) return all
      after = data.node.items.pageInfo.endCursor
    }
  }

  const countCorrect = (all: Map<string, Item>) =>
    [...all.values()].filter(({ scores }) => scores.find(({ name }) => name === 'correct')?.value === 1).length

  test.each(Object.entries(gsm8k.correct))(
    '%s has exactly %i correct solutions: in stats, over all pages, and for subscribers whose sockets are cut',
    async (model, correct) => {
      const runId = await startExperiment(model)
      const [steady, interrupted] = await Promise.all([follow(runId, 0), follow(runId, 25)])
      const { data } = await t.query(
        `query($id: ID!) { node(id: $id) { ... on Run {
          status progress { total succeeded failed }
          stats { scores { name count mean errorCount missingCount } latencyMs { count } }
        } } }`,
        { id: runId },
      )
      expect(data.node).toMatchObject({ status: 'COMPLETED', progress: { total: items, succeeded: items, failed: 0 } })
      const [score] = data.node.stats.scores
      expect(score).toMatchObject({ name: 'correct', count: items, errorCount: 0, missingCount: 0 })
      expect(score.mean * items).toBeCloseTo(correct, 9)

      const pages = await readAll(runId)
      const late = await follow(runId, 0)
      for (const seen of [pages, steady.items, interrupted.items, late.items]) {
        expect(seen.size).toBe(items)
        expect(countCorrect(seen)).toBe(correct)
        expect(new Map([...seen].toSorted())).toEqual(new Map([...pages].toSorted()))
      }
      expect(interrupted.cut).toBeGreaterThan(3)
    },
  )
})
