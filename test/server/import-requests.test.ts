import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { ReadableStream } from 'node:stream/web'
import { describe, expect, it } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { idOf, lines, newName, post, server, useServer } from './transfer-server.ts'

useServer()

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
    .poll(async () => {
      const { rows } = await server.db.pool.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY dataset_staging%' AND state <> 'idle'`,
      )
      return done(rows[0]?.count ?? 0)
    })
    .toBe(true)
}
