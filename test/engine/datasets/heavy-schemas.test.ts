import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Json } from '../../../src/domain/json/json.ts'
import { createDataset, updateDataset } from '../../../src/engine/datasets/datasets.ts'
import { importItems } from '../../../src/engine/datasets/import.ts'
import { upsertDatasetItems } from '../../../src/engine/datasets/items.ts'
import { createTestEngine, type TestEngine } from '../../helpers/engine.ts'
import { endCalculationsAfter, longestTurn } from '../../helpers/heavy-work.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const nested = (depth: number): Json =>
  depth === 0 ? { type: 'string' } : { anyOf: Array.from({ length: 3 }, () => nested(depth - 1)) }

/** Of a list, each of whose elements takes as long as all before it together. */
const doubling = (depth: number): Json => ({
  type: 'array',
  items: { not: { $ref: `#/$defs/d${depth - 1}` } },
  $defs: Object.fromEntries(
    Array.from({ length: depth }, (_, n): [string, Json] => [
      `d${n}`,
      n === 0 ? { type: 'number' } : { anyOf: [{ $ref: `#/$defs/d${n - 1}` }, { $ref: `#/$defs/d${n - 1}` }] },
    ]),
  ),
})

test('a schema that takes too long to compile is refused, for a new dataset and for one that exists', async () => {
  endCalculationsAfter({ schemaMs: 300 })
  const inputSchema = nested(10)
  const expected = {
    message: expect.stringContaining('inputSchema: expected a JSON Schema that compiles within 0.3 s'),
  }
  await expect(createDataset(t.services, t.scope, { name: randomUUID(), inputSchema })).rejects.toMatchObject(expected)
  const { id } = await createDataset(t.services, t.scope, { name: randomUUID() })
  await expect(updateDataset(t.services, t.scope, { id, inputSchema })).rejects.toMatchObject(expected)
})

test('items that take long to check leave the event loop alone, and those that take too long are refused', async () => {
  const { id: datasetId } = await createDataset(t.services, t.scope, { name: randomUUID(), inputSchema: doubling(14) })
  const upsert = (input: Json) => upsertDatasetItems(t.services, t.scope, { datasetId, items: [{ input }] })
  const texts = (length: number) => Array.from({ length }, () => 'x')
  let refusal = ''
  const refused = async () => {
    await upsert([...texts(300), 5]).catch((error: Error) => {
      refusal = error.message
    })
  }
  expect(await longestTurn(refused)).toBeLessThan(20)
  expect(refusal).toContain('Expected a value that fits its schema')
  await upsert(texts(1))
  endCalculationsAfter({ itemsMs: 300 })
  await expect(upsert(texts(100_000))).rejects.toThrow(
    'Expected items that can be checked against the schemas of their dataset within 0.3 s and 512 MB, got 1',
  )
})

test('an import reports misfits with their lines, among other problems and in their order', async () => {
  const { id } = await createDataset(t.services, t.scope, { name: randomUUID(), inputSchema: { type: 'number' } })
  const { name } = await t.db.prisma.dataset.findUniqueOrThrow({ where: { id } })
  const lines = ['{"input": 1}', '{"input": "two"}', '{"key": 3}', '{"input": "four"}']
  const source = (async function* () {
    yield Buffer.from(lines.join('\n'))
  })()
  await expect(
    importItems(t.services, t.scope, { dataset: name, source, format: 'jsonl', mapping: {} }),
  ).rejects.toMatchObject({
    problems: [{ line: 2 }, { line: 3 }, { line: 4 }],
  })
})
