/** GET /export/datasets */
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { archiveDatasetItems, upsertDatasetItems } from '../../src/engine/datasets/items.ts'
import { get, globalIdOf, idOf, lines, newName, post, server, useServer } from './transfer-server.ts'

useServer()

const exportOf = async (dataset: string) => (await get(`datasets/${await globalIdOf(dataset)}.jsonl`)).text()
/** Lines of an export without the ids of their items. */
const withoutIds = (text: string) => text.replaceAll(/^\{"id":"[\w-]+",/gm, '{')

const rows: Json[] = [
  {
    key: 'b',
    input: 'text, "quoted"\nline 2',
    expectedOutput: { a: [1, 1e21, -0.5] },
    tags: ['x', 'y,z'],
    metadata: { m: null },
  },
  { input: { q: 1 } },
  { input: { q: 1 }, expectedOutput: '=1+1' },
  { input: null, expectedOutput: '-5', metadata: 'text' },
  { input: '', tags: ['t'] },
]

it('gives back what was imported, which re-imports as itself', async () => {
  const name = newName()
  await post(name, lines(...rows))
  const response = await get(`datasets/${await globalIdOf(name)}.jsonl`)
  expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
  expect(response.headers.get('content-disposition')).toMatch(
    /^attachment; filename="http-\d+-v1.jsonl"; filename\*=UTF-8''http%2F\d+-v1.jsonl$/,
  )
  const text = await response.text()
  expect(withoutIds(text)).toBe(lines(...rows))
  expect(await post(name, text)).toMatchObject({ body: { version: 1, unchanged: rows.length } })
  const copy = newName()
  expect(await post(copy, text)).toMatchObject({ body: { added: rows.length } })
  expect(withoutIds(await exportOf(copy))).toBe(lines(...rows))
})

it('matches its rows by their ids, so that inputs and keys can be corrected in the file', async () => {
  const name = newName()
  await post(name, lines({ key: 'a', input: 1 }, { input: 'typo' }, { input: 'typo' }, { key: 'd', input: 4 }))
  const [a, b, c, d] = (await exportOf(name))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)) as { id: string; key?: string; input: Json }[]
  const corrected = [{ id: a?.id, input: 'one' }, { ...c, input: 'right' }, b, { ...d, key: 'e' }] as Json[]
  expect(await post(name, lines(...corrected))).toMatchObject({
    body: { version: 2, added: 0, changed: 2, unchanged: 2 },
  })
  const now = (await exportOf(name)).trim().split('\n')
  expect(now.map((line) => JSON.parse(line))).toEqual([
    { id: a?.id, key: 'a', input: 'one' },
    { id: b?.id, input: 'typo' },
    { id: c?.id, input: 'right' },
    { id: d?.id, key: 'e', input: 4 },
  ])
  const csv = await (await get(`datasets/${await globalIdOf(name)}.csv`)).text()
  expect(await post(name, csv, '?json=input')).toMatchObject({ status: 422 })
  expect(await post(name, csv.replace(',4,', ',5,'))).toMatchObject({ body: { added: 0, changed: 1, unchanged: 3 } })
})

it('refuses rows that contradict each other about an item, naming their lines', async () => {
  const name = newName()
  await post(name, lines({ key: 'a', input: 1 }, { key: 'b', input: 2 }))
  const [a, b] = (await exportOf(name))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id as string)
  const problems = async (...rows: Json[]) => (await post(name, lines(...rows))).body.problems
  expect(await problems({ id: a, input: 3 } as Json, { id: a, key: 'c', input: 4 } as Json)).toEqual([
    { line: 2, column: 'id', expected: 'every id once', got: `"${a}", as on line 1` },
  ])
  expect(await problems({ id: a, input: 3 } as Json, { key: 'a', input: 4 })).toEqual([
    { line: 2, column: 'key', expected: 'every key once', got: '"a", as on line 1' },
  ])
  expect(await problems({ id: b, key: 'a', input: 3 } as Json)).toEqual([
    { line: 1, column: 'key', expected: 'a key that no other item has', got: '"a"' },
  ])
  expect(await exportOf(name)).toBe(lines({ id: a, key: 'a', input: 1 } as Json, { id: b, key: 'b', input: 2 } as Json))
})

it('lists some of the rows whose keys other items have, and counts all', async () => {
  const name = newName()
  const rows = Array.from({ length: 60 }, (_, n) => ({ key: `k${n}`, input: n }))
  await post(name, lines(...rows))
  const ids = (await exportOf(name))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id as string)
  const swapped = rows.slice(0, 30).map((row, n) => ({ ...row, id: ids[n + 30] as string }))
  const { body } = await post(name, lines(...swapped))
  expect(body).toMatchObject({ message: expect.stringMatching(/30 problems/) })
  expect(body.problems).toHaveLength(20)
  expect(body.problems?.[0]).toMatchObject({ line: 1, column: 'key', got: '"k0"' })
})

it('has ids that `node` takes', async () => {
  const name = newName()
  await post(name, lines({ key: 'a', input: 1 }))
  const { id } = JSON.parse(await exportOf(name))
  const { data } = await server.query(`{ node(id: "${id}") { ... on DatasetItem { id latest { input } } } }`)
  expect(data.node).toEqual({ id, latest: { input: 1 } })
})

it('re-imports as itself also after items were changed by id and archived', async () => {
  const name = newName()
  await post(
    name,
    lines(
      { input: 'a', expectedOutput: 1 },
      { input: 'a', expectedOutput: 2 },
      { input: 'b' },
      { input: 'a', expectedOutput: 3 },
    ),
  )
  const datasetId = await idOf(name)
  const items = await server.db.prisma.datasetItem.findMany({ where: { datasetId }, orderBy: { id: 'asc' } })
  const [first, , third] = items.map((item) => String(item.id)) as [string, string, string]
  await archiveDatasetItems(server.services, server.scope, { datasetId, itemIds: [first] })
  await upsertDatasetItems(server.services, server.scope, {
    datasetId,
    items: [{ id: third, input: 'a', expectedOutput: 9 }],
  })
  const text = await exportOf(name)
  expect(withoutIds(text)).toBe(
    lines({ input: 'a', expectedOutput: 2 }, { input: 'a', expectedOutput: 9 }, { input: 'a', expectedOutput: 3 }),
  )
  expect(await post(name, text)).toMatchObject({ body: { version: 3, unchanged: 3 } })
  expect(await post(name, withoutIds(text))).toMatchObject({ body: { version: 3, unchanged: 3 } })
})

it('gives any version', async () => {
  const name = newName()
  await post(name, lines({ key: 'a', input: 1 }))
  await post(name, lines({ key: 'a', input: 2 }, { key: 'b', input: 3 }))
  const id = await globalIdOf(name)
  const first = await (await get(`datasets/${id}.jsonl?version=1`)).text()
  expect(withoutIds(first)).toBe(lines({ key: 'a', input: 1 }))
  expect(await (await get(`datasets/${id}.jsonl?version=0`)).text()).toBe('')
  for (const version of ['3', '-1', 'x'])
    expect((await get(`datasets/${id}.jsonl?version=${version}`)).status).toBe(400)
})

it('writes CSV that a spreadsheet will not execute', async () => {
  const name = newName()
  await post(name, lines(...rows))
  const response = await get(`datasets/${await globalIdOf(name)}.csv`)
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
  const text = await response.text()
  expect(text.split('\r\n')[0]).toBe('id,key,input,expectedOutput,tags,metadata')
  expect(parse(text, { columns: true, recordDelimiter: '\r\n' })).toMatchObject([
    {
      key: 'b',
      input: 'text, "quoted"\nline 2',
      expectedOutput: '{"a":[1,1e+21,-0.5]}',
      tags: '["x","y,z"]',
      metadata: '{"m":null}',
    },
    { key: '', input: '{"q":1}', expectedOutput: '', tags: '', metadata: '' },
    { key: '', input: '{"q":1}', expectedOutput: "'=1+1", tags: '', metadata: '' },
    { key: '', input: '', expectedOutput: '-5', tags: '', metadata: 'text' },
    { key: '', input: '', expectedOutput: '', tags: '["t"]', metadata: '' },
  ])
})

it('streams thousands of rows, and stops reading when the client goes away', async () => {
  const name = newName()
  const many = Array.from({ length: 5_000 }, (_, n) => ({ input: { n, text: 'x'.repeat(2_000) } }))
  await post(name, lines(...many))
  const id = await globalIdOf(name)
  expect(withoutIds(await exportOf(name))).toBe(lines(...many))

  const abort = new AbortController()
  const response = await fetch(`${server.url}/export/datasets/${id}.jsonl`, { signal: abort.signal })
  await response.body?.getReader().read()
  abort.abort()
  expect((await get(`datasets/${id}.csv`)).status).toBe(200)
})

it.each([
  'datasets/nonsense.jsonl',
  `datasets/${crypto.randomUUID()}.jsonl`,
  `datasets/${encodeGlobalId('Run', crypto.randomUUID())}.jsonl`,
])('refuses %s', async (path) => {
  expect((await get(path)).status).toBe(400)
})

it.each([
  `datasets/${encodeGlobalId('Dataset', crypto.randomUUID())}.jsonl`,
  `runs/${encodeGlobalId('Run', crypto.randomUUID())}.csv`,
  'datasets/x.xlsx',
  'things/x.csv',
])('does not find %s', async (path) => {
  const response = await get(path)
  expect(response.status).toBe(404)
  expect(((await response.json()) as { message: string }).message).toMatch(/There is no|Expected \/export/)
})

it('finds no dataset of another project', async () => {
  const dataset = newName()
  await post(dataset, lines({ input: 1 }))
  await server.db.prisma.project.create({ data: { name: 'elsewhere' } })
  const url = `${server.url}/export/datasets/${await globalIdOf(dataset)}.jsonl`
  expect((await fetch(url)).status).toBe(200)
  expect((await fetch(url, { headers: { 'x-assay-project': 'elsewhere' } })).status).toBe(404)
})
