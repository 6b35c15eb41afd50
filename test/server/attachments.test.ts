import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { encodeGlobalId, rawId } from '../../schema/relay/global-id.ts'
import { deleteUnusedAttachments } from '../../src/db/sql/attachment/collect.ts'
import { maxAttachmentBytes } from '../../src/domain/attachment/limits.ts'
import { AttachmentPruning } from '../../src/engine/attachments/attachment-pruning.ts'
import { deleteDataset } from '../../src/engine/datasets/datasets.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { testScope } from '../helpers/scope.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let writer: Record<string, string>
let reader: Record<string, string>
let foreigner: Record<string, string>

beforeAll(async () => {
  // Files in transit of this test alone.
  process.env.TMPDIR = await mkdtemp(join(tmpdir(), 'assay-'))
  t = await startTestServer()
  const elsewhere = await createProject(t.db, t.scope, { name: 'elsewhere' })
  const key = async (role: 'READ' | 'WRITE', projectId = t.scope.projectId) => {
    const { key } = await createApiKey(t.db, await testScope(t.db, projectId), { name: randomUUID(), role })
    return { authorization: `Bearer ${key}` }
  }
  writer = await key('WRITE')
  reader = await key('READ')
  foreigner = await key('WRITE', elsewhere.id)
})
afterAll(() => t[Symbol.asyncDispose]())

const post = (body: BodyInit, headers: Record<string, string> = {}, query = '') =>
  fetch(`${t.url}/attachments${query}`, {
    method: 'POST',
    body,
    headers: { ...writer, ...headers },
    duplex: 'half',
  } as RequestInit)

const upload = async (body: BodyInit, mediaType = 'image/png', query = '') => {
  const response = await post(body, { 'content-type': mediaType }, query)
  expect(response.status, await response.clone().text()).toBe(201)
  return (await response.json()) as {
    id: string
    sha256: string
    url: string
    filename: string | null
    mediaType: string
  }
}

const get = (id: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${t.url}/attachments/${id}`, { method, headers: { ...reader, ...headers } })

const errorOf = async (response: Response) => ({ status: response.status, ...((await response.json()) as object) })

describe('a file', () => {
  test('comes back byte by byte, with its type, name and hash', async () => {
    const bytes = randomBytes(700_000)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const stored = await upload(bytes, 'image/png', `?filename=${encodeURIComponent('C:\\photos\\Größe "1".png')}`)
    expect(stored).toEqual({
      id: expect.any(String),
      ...{ mediaType: 'image/png', filename: 'Größe "1".png', bytes: 700_000, sha256 },
      url: `/attachments/${stored.id}`,
    })
    const response = await get(stored.id)
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '700000',
      etag: `"${sha256}"`,
      'content-disposition': `inline; filename="Gr-e-1-.png"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.png`,
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-cache',
    })
    const { data } = await t.query(
      `query($id: ID!) { node(id: $id) { ... on Attachment { mediaType filename bytes sha256 url } } }`,
      { id: stored.id },
      reader,
    )
    expect(data.node).toEqual({
      ...{ mediaType: 'image/png', filename: 'Größe "1".png', bytes: 700_000, sha256 },
      url: `${t.url}/attachments/${stored.id}`,
    })
  })

  test('is stored once, however often and under however many names it is uploaded at once', async () => {
    const bytes = randomBytes(300_000)
    const stored = await Promise.all(
      Array.from({ length: 10 }, (_, n) => upload(bytes, 'audio/mpeg', `?filename=${n % 2}.mp3`)),
    )
    expect(new Set(stored.map(({ id }) => id)).size).toBe(2)
    const sha256 = createHash('sha256').update(bytes).digest()
    const contents = await t.db.prisma.attachmentContent.findMany({ where: { sha256 }, include: { _count: true } })
    expect(contents).toMatchObject([{ bytes: 300_000, _count: { attachments: 2, chunks: 2 } }])
  })

  test('is served in parts, and not again when it is known', async () => {
    const bytes = randomBytes(600_000)
    const { id, sha256 } = await upload(bytes)
    const part = async (range: string, headers: Record<string, string> = {}) => {
      const response = await get(id, { range, ...headers })
      const body = Buffer.from(await response.arrayBuffer())
      return { status: response.status, range: response.headers.get('content-range'), body }
    }
    expect(await part('bytes=0-0')).toEqual({ status: 206, range: 'bytes 0-0/600000', body: bytes.subarray(0, 1) })
    expect(await part('bytes=262143-262144')).toMatchObject({ status: 206, body: bytes.subarray(262_143, 262_145) })
    expect(await part('bytes=-5')).toMatchObject({ range: 'bytes 599995-599999/600000', body: bytes.subarray(-5) })
    expect(await part('bytes=599990-')).toMatchObject({ status: 206, body: bytes.subarray(599_990) })
    expect(await part('bytes=5-900000')).toMatchObject({ status: 206, range: 'bytes 5-599999/600000' })
    expect(await part('bytes=600000-')).toMatchObject({ status: 416, range: 'bytes */600000' })
    expect(await part('bytes=0-1,4-5')).toMatchObject({ status: 200, range: null })
    expect(await part('bytes=0-1', { 'if-range': '"other"' })).toMatchObject({ status: 200 })
    expect((await get(id, { 'if-none-match': `"${sha256}"` })).status).toBe(304)
    const head = await get(id, {}, 'HEAD')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '600000', ''])
  })

  test.each([
    ['text/html', 'attachment'],
    ['image/svg+xml', 'attachment'],
    ['application/pdf', 'attachment'],
    ['text/plain; charset=utf-8', 'inline'],
    ['audio/wav', 'inline'],
  ])('of the type %s is sent as %s', async (mediaType, disposition) => {
    const { id } = await upload('<script>alert(1)</script>', mediaType)
    const response = await get(id)
    expect(response.headers.get('content-type')).toBe(mediaType)
    expect(response.headers.get('content-disposition')).toBe(disposition)
    expect(response.headers.get('content-security-policy')).toContain('sandbox')
  })

  test('without a media type has that of its name, which it then needs', async () => {
    for (const type of ['application/octet-stream', 'application/x-www-form-urlencoded']) {
      expect(await upload('%PDF-', type, '?filename=a.pdf')).toMatchObject({ mediaType: 'application/pdf' })
    }
    expect(
      await errorOf(await post('x', { 'content-type': 'application/octet-stream' }, '?filename=a.unknowable')),
    ).toMatchObject({
      status: 400,
      code: 'INVALID_INPUT',
      message: expect.stringContaining('Expected a media type such as image/png as content-type, or a file name'),
    })
  })
})

describe('an upload is refused', () => {
  test.each<[string, () => Promise<Response>, number, string]>([
    [
      'without a body',
      () => post('', { 'content-type': 'image/png' }),
      400,
      'Expected a file as the body, got nothing.',
    ],
    ['by a reader', () => post('x', { ...reader, 'content-type': 'image/png' }), 403, 'needs the role WRITE'],
    [
      'with a type that cannot be one',
      () => post('x', { 'content-type': 'image' }),
      400,
      'Expected a media type such as',
    ],
    ['as a form', () => post(new FormData()), 400, 'Expected the file itself as the body'],
    [
      'compressed',
      () => post('x', { 'content-encoding': 'gzip', 'content-type': 'image/png' }),
      400,
      'Expected an uncompressed file',
    ],
    [
      'with another parameter',
      () => post('x', { 'content-type': 'image/png' }, '?name=a'),
      400,
      'Expected the parameter filename',
    ],
    [
      'with a name of control characters',
      () => post('x', { 'content-type': 'image/png' }, '?filename=%07'),
      400,
      'Expected a file name',
    ],
  ])('%s', async (_what, send, status, message) => {
    const text = await (await send()).text()
    expect(text).toContain(message)
    expect((await send()).status).toBe(status)
  })

  test('above 20 MB, said beforehand or not, and nothing of it stays', async () => {
    const before = await t.db.prisma.attachmentContent.count()
    const large = Buffer.alloc(maxAttachmentBytes + 1)
    expect((await post(large, { 'content-type': 'image/png' })).status).toBe(413)
    const drops = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(1024 * 1024))
      },
    })
    const unannounced = await post(drops, { 'content-type': 'image/png' }).catch(() => null)
    if (unannounced) expect(unannounced.status).toBe(429)
    expect(await t.db.prisma.attachmentContent.count()).toBe(before)
    await expect.poll(() => readdir(tmpdir())).toEqual([])
    expect(await upload(Buffer.alloc(maxAttachmentBytes))).toMatchObject({ bytes: maxAttachmentBytes })
  })

  test('when its client goes away', async () => {
    const before = await t.db.prisma.attachment.count()
    const abort = new AbortController()
    let sent = false
    const slow = new ReadableStream({
      pull(controller) {
        if (sent) return new Promise<void>(() => {})
        sent = true
        controller.enqueue(new Uint8Array(1024))
      },
    })
    const sending = fetch(`${t.url}/attachments`, {
      ...{ method: 'POST', body: slow, duplex: 'half', signal: abort.signal },
      headers: { ...writer, 'content-type': 'image/png' },
    } as RequestInit)
    await expect.poll(async () => (await readdir(tmpdir())).length > 0).toBe(true)
    abort.abort()
    await expect(sending).rejects.toThrow()
    await expect.poll(async () => (await readdir(tmpdir())).length > 0).toBe(false)
    expect(await t.db.prisma.attachment.count()).toBe(before)
  })
})

test('a file of another project does not exist', async () => {
  const { id } = await upload('secret', 'text/plain')
  for (const method of ['GET', 'HEAD']) expect((await get(id, foreigner, method)).status).toBe(404)
  expect(await errorOf(await get(id, foreigner))).toMatchObject({ code: 'NOT_FOUND' })
  for (const other of ['x', encodeGlobalId('Attachment', randomUUID()), encodeGlobalId('Run', randomUUID())]) {
    expect((await get(other)).status).toBe(404)
  }
  expect((await fetch(`${t.url}/attachments/${id}`)).status).toBe(401)
})

const upsert = async (input: object, headers = writer) => {
  const { data } = await t.query(
    `mutation($input: UpsertDatasetItemsInput!) { upsertDatasetItems(input: $input) {
      ... on UpsertDatasetItemsPayload { items { id input attachments { id filename } item { id } } }
      ... on UserError { code path message }
    } }`,
    { input },
    headers,
  )
  return data.upsertDatasetItems
}

const createDataset = async (headers = writer) => {
  const { data } = await t.query(
    `mutation { createDataset(input: { name: "${randomUUID()}" }) { ... on CreateDatasetPayload { dataset { id } } } }`,
    {},
    headers,
  )
  return data.createDataset.dataset.id as string
}

describe('an item', () => {
  test('refers to files anywhere in its content, and shows them', async () => {
    const datasetId = await createDataset()
    const photo = await upload('photo', 'image/png', '?filename=photo.png')
    const answer = await upload('answer', 'audio/wav', '?filename=answer.wav')
    const { items } = await upsert({
      datasetId,
      items: [
        {
          input: { question: 'What is it?', pages: [{ image: { $file: photo.id } }] },
          expectedOutput: { $file: answer.id },
          metadata: { again: { $file: photo.id } },
        },
      ],
    })
    expect(items[0].attachments).toEqual([
      { id: photo.id, filename: 'photo.png' },
      { id: answer.id, filename: 'answer.wav' },
    ])
  })

  test('with a reference to no file of the project is refused by its place, with all others', async () => {
    const datasetId = await createDataset()
    const { id } = await upload('mine', 'text/plain')
    const good = { input: { file: { $file: id } } }
    const missing = encodeGlobalId('Attachment', randomUUID())
    const expected = 'the id of an attachment of this project as $file (POST /attachments stores a file)'
    expect(await upsert({ datasetId, items: [good, { input: 1, metadata: { a: { $file: missing } } }] })).toEqual({
      code: 'NOT_FOUND',
      path: ['input', 'items', '1', 'metadata'],
      message: `Expected ${expected}, got ${missing}.`,
    })
    expect(await upsert({ datasetId, items: [good, { input: [{ $file: 'photo.png' }] }] })).toEqual({
      code: 'INVALID_INPUT',
      path: ['input', 'items', '1', 'input'],
      message: `Expected ${expected}, got {"$file": "photo.png"}.`,
    })
    const foreign = await upsert({ datasetId: await createDataset(foreigner), items: [good] }, foreigner)
    expect(foreign).toMatchObject({ code: 'NOT_FOUND', path: ['input', 'items', '0', 'input'] })
    const { data } = await t.query(
      `query($id: ID!) { node(id: $id) { ... on Dataset { itemCount } } }`,
      { id: datasetId },
      reader,
    )
    expect(data.node.itemCount).toBe(0)
  })

  test('of an import that refers to a file that there is not is a problem of its line', async () => {
    const missing = encodeGlobalId('Attachment', randomUUID())
    const rows = [{ input: 1 }, { input: { $file: missing } }, { input: { $file: 'x' } }]
    const response = await fetch(`${t.url}/import/files-${randomUUID()}`, {
      method: 'POST',
      headers: writer,
      body: rows.map((row) => JSON.stringify(row)).join('\n'),
    })
    expect(await errorOf(response)).toMatchObject({
      status: 422,
      problems: [{ line: 3, column: 'input', got: '{"$file": "x"}' }],
    })
    const second = await fetch(`${t.url}/import/files-${randomUUID()}`, {
      method: 'POST',
      headers: writer,
      body: rows
        .slice(0, 2)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    })
    expect(await errorOf(second)).toMatchObject({ problems: [{ line: 2, column: '$file', got: `"${missing}"` }] })
  })
})

describe('files that no item uses', () => {
  const age = (hours: number) =>
    t.db.pool.query(
      `WITH old AS (UPDATE attachment_content SET created_at = created_at - make_interval(hours => $1))
       UPDATE attachment SET uploaded_at = uploaded_at - make_interval(hours => $1)`,
      [hours],
    )
  const exists = async (id: string) => (await get(id)).status === 200

  test('are deleted a day after they were last uploaded, others are kept with every version of their item', async () => {
    const datasetId = await createDataset()
    const used = await upload(randomUUID(), 'text/plain')
    const unused = await upload(randomUUID(), 'text/plain')
    const twice = randomUUID()
    const again = await upload(twice, 'text/plain')
    const [item] = (await upsert({ datasetId, items: [{ key: 'a', input: { $file: used.id } }] })).items
    await upsert({ datasetId, items: [{ key: 'a', input: 'without' }] })
    await age(25)
    await upload(twice, 'text/plain')
    await deleteUnusedAttachments(t.db.pool, 24, 1_000)
    expect([await exists(used.id), await exists(unused.id), await exists(again.id)]).toEqual([true, false, true])
    const { data } = await t.query(
      `query($id: ID!) { node(id: $id) { ... on DatasetItemRevision { attachments { id } } } }`,
      { id: item.id },
      reader,
    )
    expect(data.node.attachments).toEqual([{ id: used.id }])

    await deleteDataset(t.services, t.scope, rawId('Dataset', datasetId, []))
    await deleteUnusedAttachments(t.db.pool, 24, 1_000)
    expect(await exists(used.id)).toBe(false)
    const left = await t.db.prisma.attachmentContent.count({
      where: { sha256: createHash('sha256').update(twice).digest() },
    })
    expect(left).toBe(1)
  })

  test('are looked for in the background, also where one begins to be used meanwhile', async () => {
    const datasetId = await createDataset()
    const { id } = await upload(randomUUID(), 'text/plain')
    await age(25)
    const holder = await t.db.pool.connect()
    await holder.query('BEGIN')
    await holder.query('SELECT FROM attachment FOR KEY SHARE')
    const clock = new FakeClock()
    const pruning = new AttachmentPruning({ db: t.db, log: pino({ level: 'silent' }), clock })
    onTestFinished(() => pruning.stop())
    const running = clock.next()
    const item = await t.db.prisma.datasetItem.create({
      data: { datasetId: rawId('Dataset', datasetId, []), identity: 'x' },
    })
    await holder.query('INSERT INTO dataset_item_attachment VALUES ($1, $2)', [item.id, rawId('Attachment', id, [])])
    await holder.query('COMMIT')
    holder.release()
    await running
    await expect.poll(() => clock.timers).toHaveLength(1)
    expect(await exists(id)).toBe(true)
  })
})
