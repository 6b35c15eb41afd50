import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { ReadableStream } from 'node:stream/web'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { archiveDatasetItems, upsertDatasetItems } from '../../src/engine/datasets/items.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server[Symbol.asyncDispose]())

let names = 0
const newName = () => `http/${names++}`
const lines = (...rows: Json[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

async function post(dataset: string, body: string | Buffer, query = '', headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/import/${encodeURIComponent(dataset)}${query}`, {
    method: 'POST',
    body: body as string,
    headers,
  })
  return { status: response.status, body: (await response.json()) as Record<string, never> }
}

async function idOf(dataset: string) {
  return (await server.db.prisma.dataset.findFirstOrThrow({ where: { name: dataset } })).id
}

const get = (path: string) => fetch(`${server.url}/export/${path}`)
const globalIdOf = async (dataset: string) => encodeGlobalId('Dataset', await idOf(dataset))
const exportOf = async (dataset: string) => (await get(`datasets/${await globalIdOf(dataset)}.jsonl`)).text()
/** Lines of an export without the ids of their items. */
const withoutIds = (text: string) => text.replaceAll(/^\{"id":"[\w-]+",/gm, '{')

describe('POST /import?preview', () => {
  const csv = 'question,answer,lang,tags\n1+1,2,en,"a, b"\n,3,de,\n4,5,fr,\n'

  it('shows what the first rows would become, and stores nothing', async () => {
    const dataset = newName()
    expect(await post(dataset, csv, '?preview=2&input=question&expected=answer')).toEqual({
      status: 200,
      body: {
        format: 'csv',
        columns: ['question', 'answer', 'lang', 'tags'],
        mapping: {
          input: ['question'],
          expected: ['answer'],
          ...{ key: [], tags: ['tags'], metadata: ['lang'], json: [] },
        },
        items: [
          { line: 2, key: null, input: '1+1', expectedOutput: '2', tags: ['a', 'b'], metadata: { lang: 'en' } },
          { line: 3, key: null, input: '', expectedOutput: '3', tags: [], metadata: { lang: 'de' } },
        ],
        problems: [],
      },
    })
    expect(await server.db.prisma.dataset.count({ where: { name: dataset } })).toBe(0)
  })

  it('says which rows cannot become items, and which columns there are all the same', async () => {
    const { body } = await post(newName(), csv, '?preview=20')
    expect(body).toMatchObject({ columns: ['question', 'answer', 'lang', 'tags'], items: [], mapping: { input: [] } })
    expect(body.problems).toHaveLength(3)
    expect(body.problems?.[0]).toMatchObject({
      line: 2,
      column: 'input',
      expected: expect.stringMatching(/^a value, or another column/),
    })
    const mixed = '{"input":1,"id":7}\nnonsense\n{"input":2,"more":true}'
    expect((await post(newName(), mixed, '?preview=20')).body).toMatchObject({
      format: 'jsonl',
      columns: ['input', 'id', 'more'],
      items: [
        { line: 1, key: '7' },
        { line: 3, metadata: { more: true } },
      ],
      problems: [{ line: 2 }],
    })
    expect((await post(newName(), '', '?preview=20')).body).toMatchObject({ format: null, columns: [], items: [] })
  })

  it('checks the schemas of the dataset that is there', async () => {
    const dataset = newName()
    const projectId = server.scope.projectId
    await server.db.prisma.dataset.create({
      data: { projectId, name: dataset, seed: 's', inputSchema: { type: 'number' } },
    })
    const { body } = await post(dataset, lines({ input: 1 }, { input: 'one' }), '?preview=5')
    expect(body).toMatchObject({ items: [{ line: 1 }], problems: [{ line: 2, column: 'input' }] })
  })

  it('reads no more of a large file than it needs', async () => {
    const rows = lines(...Array.from({ length: 20_000 }, (_, n) => ({ input: `${n}`.padEnd(1_000, '.') })))
    const { status, body } = await post(newName(), rows, '?preview=3')
    expect([status, body.items]).toEqual([200, expect.objectContaining({ length: 3 })])
  })

  it('refuses an invalid number of rows or mapping', async () => {
    for (const preview of ['0', '101', '-1', 'x', '']) {
      const { status, body } = await post(newName(), csv, `?preview=${preview}`)
      expect([status, body.message], preview).toEqual([400, expect.stringContaining('Expected to preview 1–100 rows')])
    }
    expect((await post(newName(), csv, '?preview=5&key=a&key=b')).status).toBe(400)
  })
})

describe('POST /import', () => {
  it('imports the body with the mapping of the query', async () => {
    const dataset = 'http/größe & mehr?'
    const csv = 'question;context;answer;id\n"1;1";c;2;a\n'
    const query = '?input=question&input=context&expected=answer&key=id&format=csv'
    expect(await post(dataset, csv, query)).toEqual({
      status: 200,
      body: {
        dataset,
        datasetId: encodeGlobalId('Dataset', await idOf(dataset)),
        version: 1,
        rows: 1,
        added: 1,
        changed: 0,
        unchanged: 0,
        columns: { input: ['question', 'context'], expected: ['answer'], key: ['id'], tags: [], metadata: [] },
      },
    })
    const [revision] = await server.db.prisma.datasetItemRevision.findMany({
      where: { datasetId: await idOf(dataset) },
    })
    expect(revision).toMatchObject({ input: { question: '1;1', context: 'c' }, expectedOutput: '2', metadata: null })
  })

  it('believes the content type, then the content', async () => {
    const dataset = newName()
    const csv = '[q]\n1\n'
    expect(await post(dataset, csv, '?input=[q]', { 'content-type': 'text/csv; charset=utf-8' })).toMatchObject({
      status: 200,
    })
    expect(await post(dataset, csv, '?input=[q]')).toMatchObject({ status: 200, body: { unchanged: 1 } })
    expect(await post(dataset, '[{"input":1}]', '', { 'content-type': 'application/json' })).toMatchObject({
      status: 200,
    })
    expect(
      await post(dataset, '{"input":1}', '', { 'content-type': 'application/x-www-form-urlencoded' }),
    ).toMatchObject({ body: { unchanged: 1 } })
    const wrong = await post(dataset, '[{"input":1}]', '', { 'content-type': 'text/csv' })
    expect(wrong).toMatchObject({ status: 422, body: { problems: [{ got: 'what looks like a JSON array' }] } })
  })

  it('takes a dataset name with plain slashes and empty parameters as none', async () => {
    const response = await fetch(`${server.url}/import/http/plain/slashes?key=&expected=`, {
      method: 'POST',
      body: lines({ input: 1, key: 'k', output: 2 }),
    })
    expect(await response.json()).toMatchObject({ dataset: 'http/plain/slashes', added: 1 })
    const item = await server.db.prisma.datasetItem.findFirstOrThrow({
      where: { datasetId: await idOf('http/plain/slashes') },
      include: { revisions: true },
    })
    expect(item).toMatchObject({ key: null, revisions: [{ expectedOutput: null, metadata: { key: 'k', output: 2 } }] })
  })

  it('answers 422 with the places of what is wrong with the file', async () => {
    const { status, body } = await post(newName(), '{"input":1}\n{"input":}\n')
    expect(status).toBe(422)
    expect(body).toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ line: 2, column: 10, expected: 'a value', got: '"}"' }],
    })
    expect(body.message).toContain('line 2, column 10')
  })

  it.each([
    ['?inptu=a', {}, 400, 'inptu'],
    ['?format=xlsx', {}, 400, 'xlsx'],
    ['?key=a&key=b', {}, 400, 'at most one column for key'],
    ['', { 'content-encoding': 'gzip' }, 400, 'content-encoding'],
    ['', { 'content-type': 'multipart/form-data; boundary=x' }, 400, '--data-binary'],
  ])('refuses %s %j with %i', async (query, headers, status, message) => {
    const answer = await post(newName(), lines({ input: 1 }), query, headers as Record<string, string>)
    expect(answer.status).toBe(status)
    expect(answer.body.message).toContain(message)
  })

  it('refuses a name that is none', async () => {
    expect(await post('/x', lines({ input: 1 }))).toMatchObject({ status: 400 })
    const response = await fetch(`${server.url}/import/%E0%A4%A`, { method: 'POST', body: 'x' })
    expect(response.status).toBe(400)
  })

  it.each([
    ['jsonl', '[1}\n'],
    ['json', '{}'],
  ])('answers while a large wrong %s file is still being sent', async (format, start) => {
    async function* large() {
      yield Buffer.from(start)
      for (let n = 0; n < 200; n++) yield Buffer.from(`${'x'.repeat(64 * 1024)}\n`)
    }
    const response = await upload(`${newName()}?format=${format}`, large())
    expect(response.status).toBe(422)
    expect(await response.text()).toContain('"line":1')
    expect(await post(newName(), lines({ input: 1 }))).toMatchObject({ status: 200 })
  })

  it('stores nothing when the client goes away before the end', async () => {
    const name = newName()
    const request = httpRequest(`${server.url}/import/${encodeURIComponent(name)}`, { method: 'POST' })
    request.on('error', () => {})
    request.write(lines(...Array.from({ length: 2_000 }, (_, n) => ({ input: n }))))
    await inProgress()
    request.destroy()
    await idle()
    expect(await server.db.prisma.dataset.findFirst({ where: { name } })).toBeNull()

    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      `POST /import/${encodeURIComponent(name)} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\n${lines({ input: 1 })}`,
    )
    await inProgress()
    socket.end()
    await idle()
    expect(await server.db.prisma.dataset.findFirst({ where: { name } })).toBeNull()
  })

  it.each([
    ['result', lines({ input: 2 }), { dataset: expect.any(String), rows: expect.any(Number), version: 1 }],
    [
      'error',
      '{"input":}',
      { status: 422, message: expect.stringContaining('expected a value'), problems: [{ column: 10 }] },
    ],
  ])('tells the progress in lines when asked to, and ends with the %s', async (type, end, rest) => {
    const name = newName()
    let answered = false
    async function* untilAnswered() {
      while (!answered)
        yield await new Promise<Buffer>((resolve) => setImmediate(resolve, Buffer.from(lines({ input: 1 }))))
      yield Buffer.from(end)
    }
    const response = await upload(encodeURIComponent(name), untilAnswered(), { accept: 'application/x-ndjson' })
    answered = true
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/x-ndjson')
    const told = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(told[0]).toEqual({ type: 'progress', rows: expect.any(Number), bytes: expect.any(Number) })
    expect(told[0].rows).toBeGreaterThan(0)
    expect(told.at(-1)).toMatchObject({ type, ...rest })
    expect(await server.db.prisma.dataset.count({ where: { name } })).toBe(type === 'result' ? 1 : 0)
  })
})

/** Sends a body that is not known in full when it begins. */
function upload(path: string, body: AsyncIterable<Buffer>, headers: Record<string, string> = {}) {
  const stream = ReadableStream.from(body) as unknown as BodyInit
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: stream, headers, duplex: 'half' }
  return fetch(`${server.url}/import/${path}`, init)
}

/** Waits until an import is copying rows. */
const inProgress = () => copies((count) => count > 0)
/** Waits until no import is. */
const idle = () => copies((count) => count === 0)

async function copies(done: (count: number) => boolean) {
  await expect
    .poll(
      async () => {
        const { rows } = await server.db.pool.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY dataset_staging%' AND state <> 'idle'`,
        )
        return done(rows[0]?.count ?? 0)
      },
      { timeout: 10_000 },
    )
    .toBe(true)
}

describe('GET /export/datasets', () => {
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
    expect(await exportOf(name)).toBe(
      lines({ id: a, key: 'a', input: 1 } as Json, { id: b, key: 'b', input: 2 } as Json),
    )
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
})

describe('GET /export/runs', () => {
  async function run() {
    const name = newName()
    await post(name, lines({ key: 'a', input: 'q1', expectedOutput: 'x' }, { key: 'b', input: 'q2', tags: ['t'] }))
    await post(name, lines({ key: 'a', input: 'changed since' }))
    const datasetId = await idOf(name)
    const { projectId } = server.scope
    const experiment = await server.db.prisma.experiment.create({
      data: { projectId, datasetId, name, task: {}, settings: {} },
    })
    const { id } = await server.db.prisma.run.create({
      data: {
        projectId,
        datasetId,
        experimentId: experiment.id,
        datasetVersion: 1,
        name: 'Run "1"',
        seed: 's',
        task: {},
        settings: {},
        total: 2,
        queued: 0,
      },
    })
    const items = await server.db.prisma.datasetItem.findMany({ where: { datasetId }, orderBy: { id: 'asc' } })
    const [a, b] = items.map((item) => item.id) as [bigint, bigint]
    const at = new Date('2026-01-02T03:04:05.678Z')
    await server.db.prisma.runItem.createMany({
      data: [
        {
          runId: id,
          ordinal: 0,
          itemId: b,
          position: 0,
          repetition: 0,
          status: 'SUCCEEDED',
          output: '=HYPERLINK("x")',
          attempts: 1,
          latencyMs: 12.5,
          costUsd: 0.25,
          startedAt: at,
          finishedAt: at,
        },
        {
          runId: id,
          ordinal: 1,
          itemId: a,
          position: 1,
          repetition: 0,
          status: 'FAILED',
          error: { code: 'TIMEOUT', message: 'm', retryable: true },
          attempts: 3,
        },
      ],
    })
    await server.db.prisma.score.createMany({
      data: [
        { runId: id, ordinal: 0, name: 'exact', dataType: 'NUMERIC', value: 0.5, source: 'EVALUATOR' },
        { runId: id, ordinal: 0, name: 'tone', dataType: 'CATEGORICAL', label: 'kind', source: 'HUMAN', author: 'me' },
        { runId: id, ordinal: 0, name: 'exact', dataType: 'NUMERIC', value: 1, source: 'HUMAN', author: 'me' },
        { runId: id, ordinal: null, name: 'whole run', dataType: 'NUMERIC', value: 1, source: 'API' },
      ],
    })
    const rules = { runId: id, direction: 'NONE', failurePolicy: 'MISSING' } as const
    await server.db.prisma.runScoreSummary.createMany({
      data: [
        { ...rules, name: 'exact', source: 'EVALUATOR', dataType: 'NUMERIC' },
        { ...rules, name: 'exact', source: 'HUMAN', dataType: 'NUMERIC' },
        { ...rules, name: 'tone', source: 'HUMAN', dataType: 'CATEGORICAL' },
      ],
    })
    const [first, second] = [a, b].map((item) => encodeGlobalId('DatasetItem', String(item)))
    return { runId: id, id: encodeGlobalId('Run', id), a: first, b: second, at: at.toISOString() }
  }

  it('gives every item with what it was asked, what came and its scores', async () => {
    const { runId, id, a, b, at } = await run()
    const response = await get(`runs/${id}.jsonl`)
    expect(response.headers.get('content-disposition')).toContain('filename="Run-1-.jsonl"')
    const found = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(found).toMatchObject([
      {
        itemId: b,
        runItemId: encodeGlobalId('RunItem', `${runId}:0`),
        key: 'b',
        input: 'q2',
        expectedOutput: null,
        tags: ['t'],
        status: 'SUCCEEDED',
        output: '=HYPERLINK("x")',
        latencyMs: 12.5,
        costUsd: 0.25,
        startedAt: at,
        scores: [
          { name: 'exact', value: 0.5, source: 'EVALUATOR' },
          { name: 'exact', value: 1, source: 'HUMAN' },
          { name: 'tone', label: 'kind', author: 'me' },
        ],
      },
      {
        itemId: a,
        runItemId: encodeGlobalId('RunItem', `${runId}:1`),
        key: 'a',
        input: 'q1',
        expectedOutput: 'x',
        status: 'FAILED',
        output: null,
        error: { code: 'TIMEOUT' },
        attempts: 3,
        costUsd: null,
        scores: [],
      },
    ])
  })

  it('gives a column for each score in CSV', async () => {
    const { id, at } = await run()
    const found = parse(await (await get(`runs/${id}.csv`)).text(), { columns: true, recordDelimiter: '\r\n' })
    expect(found).toMatchObject([
      {
        key: 'b',
        input: 'q2',
        output: '\'=HYPERLINK("x")',
        latencyMs: '12.5',
        finishedAt: at,
        tags: '["t"]',
        'score:exact': '0.5',
        'score:exact:HUMAN': '1',
        'score:tone': 'kind',
      },
      {
        key: 'a',
        status: 'FAILED',
        error: '{"code":"TIMEOUT","message":"m","retryable":true}',
        costUsd: '',
        'score:exact': '',
        'score:tone': '',
      },
    ])
  })
})
