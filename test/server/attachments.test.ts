import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { maxAttachmentBytes } from '../../src/domain/attachment/limits.ts'
import { useOwnTmpdir } from '../helpers/own-tmpdir.ts'
import { errorOf, startAttachmentServer } from './attachment-server.ts'

// For files in transit.
await useOwnTmpdir()
const { t, writer, reader, foreigner, third, post, upload, get } = await startAttachmentServer()
afterAll(() => t[Symbol.asyncDispose]())

/** Uploads that begin and go on until they are ended. */
function drips(count: number, headers: Record<string, string>) {
  const ends: (() => void)[] = []
  const responses = Array.from({ length: count }, (_, n) => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(`drop ${n}`))
        ends.push(() => controller.close())
      },
    })
    return post(body, { ...headers, 'content-type': 'text/plain' })
  })
  return async () => {
    for (const end of ends) end()
    return (await Promise.all(responses)).map(({ status }) => status)
  }
}

test('a project uploads 12 files at once, all projects 16, and one more is refused with the number', async () => {
  const upload = (headers: Record<string, string>) => post('x', { ...headers, 'content-type': 'text/plain' })
  const refusal = async (headers: Record<string, string>) => errorOf(await upload(headers))
  const of = (what: string) => ({ status: 429, message: expect.stringContaining(`at most ${what}, got one more`) })
  const begun = () => expect.poll(async () => (await readdir(tmpdir())).length)
  const endHere = drips(12, writer)
  await begun().toBe(12)
  expect(await refusal(writer)).toMatchObject(of('12 concurrent uploads of one project'))
  expect((await upload(foreigner)).status).toBe(201)
  const endThere = drips(4, foreigner)
  await begun().toBe(16)
  expect(await refusal(third)).toMatchObject(of('16 concurrent uploads'))
  expect([...(await endHere()), ...(await endThere())]).toEqual(Array(16).fill(201))
  expect((await upload(third)).status).toBe(201)
})

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
