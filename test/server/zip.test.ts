import { randomBytes, randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Entry, fromBufferPromise } from 'yauzl'
import { ZipFile } from 'yazl'
import { zipLimits } from '../../src/engine/datasets/zip.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { useOwnTmpdir } from '../helpers/own-tmpdir.ts'
import { testScope } from '../helpers/scope.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

// For files in transit.
await useOwnTmpdir()

let t: TestServer
let here: Record<string, string>
let elsewhere: Record<string, string>

beforeAll(async () => {
  t = await startTestServer()
  const other = await createProject(t.db, t.scope, { name: 'elsewhere' })
  const key = async (projectId: string) => {
    const { key } = await createApiKey(t.db, await testScope(t.db, projectId), { name: randomUUID(), role: 'WRITE' })
    return { authorization: `Bearer ${key}` }
  }
  here = await key(t.scope.projectId)
  elsewhere = await key(other.id)
})
afterAll(() => t[Symbol.asyncDispose]())

const zipOf = (files: Record<string, string | Buffer>, compress = true) => {
  const zip = new ZipFile()
  for (const [path, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), path, { compress })
  zip.end()
  return buffer(zip.outputStream)
}

const unzip = async (bytes: Buffer) => {
  const zip = await fromBufferPromise(bytes)
  const entries: Entry[] = []
  for await (const entry of zip.eachEntry()) entries.push(entry)
  const contents = await Promise.all(
    entries.map(async (entry) => [entry.fileName, await buffer(await zip.openReadStreamPromise(entry))] as const),
  )
  return new Map(contents)
}

async function importFile(dataset: string, body: Buffer, headers = here, query = '') {
  const response = await fetch(`${t.url}/import/${dataset}${query}`, {
    method: 'POST',
    body: body as BodyInit,
    headers,
  })
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  return { status: response.status, body: (await response.json()) as any }
}

async function itemsOf(dataset: string, headers = here) {
  const { data } = await t.query(
    `query($name: String!) { dataset(name: $name) { id version items { nodes {
      key input expectedOutput metadata attachments { id mediaType filename bytes sha256 }
    } } } }`,
    { name: dataset },
    headers,
  )
  return { id: data.dataset.id, version: data.dataset.version, items: data.dataset.items.nodes }
}

async function exportZip(dataset: string, headers = here): Promise<Buffer> {
  const { id } = await itemsOf(dataset, headers)
  const response = await fetch(`${t.url}/export/datasets/${id}.zip`, { headers })
  expect(response.headers.get('content-type')).toBe('application/zip')
  expect(response.headers.get('content-disposition')).toContain(`${dataset}-v1.zip`)
  return Buffer.from(await response.arrayBuffer())
}

const row = (value: object) => `${JSON.stringify(value)}\n`

test('a preview shows what the rows of a ZIP would become, names what they miss, and stores nothing', async () => {
  const rows = row({ input: { photo: { $file: 'dot.png' } } }) + row({ input: { photo: { $file: 'missing.png' } } })
  const shown = await importFile('shown', await zipOf({ 'items.jsonl': rows, 'dot.png': 'dot' }), here, '?preview=5')
  expect(shown).toMatchObject({
    status: 200,
    body: {
      format: 'jsonl',
      items: [{ line: 1, input: { photo: { $file: 'dot.png' } } }],
      problems: [{ line: 2, column: 'input', got: '{"$file": "missing.png"}' }],
    },
  })
  const cut = (await zipOf({ 'items.jsonl': rows })).subarray(0, -30)
  expect(await importFile('shown', cut, here, '?preview=5')).toMatchObject({ status: 422 })
  expect(await t.db.prisma.attachment.count()).toBe(0)
  expect(await t.db.prisma.dataset.count()).toBe(0)
})

const photo = randomBytes(400_000)
const made = () =>
  zipOf({
    'pictures/items.jsonl':
      row({
        key: 'a',
        input: { q: 'What?', image: { $file: 'images/Größe 1.png' } },
        expectedOutput: { $file: './b.txt' },
      }) + row({ key: 'b', input: 'none', metadata: { again: [{ $file: 'images/Größe 1.png' }] } }),
    'pictures/images/Größe 1.png': photo,
    'pictures/b.txt': 'text',
    '__MACOSX/pictures/._b.txt': 'noise',
    'pictures/.DS_Store': 'noise',
  })

test('a ZIP that somebody made is imported with its files, wherever they are in it', async () => {
  const { status, body } = await importFile('made', await made())
  expect([status, body]).toMatchObject([200, { rows: 2, added: 2 }])
  const { items } = await itemsOf('made')
  const [first, second] = items
  const [image, text] = first.attachments
  expect(image).toMatchObject({ mediaType: 'image/png', filename: 'Größe 1.png', bytes: 400_000 })
  expect(text).toMatchObject({ mediaType: 'text/plain', filename: 'b.txt', bytes: 4 })
  expect(first.input).toEqual({ q: 'What?', image: { $file: image.id } })
  expect(first.expectedOutput).toEqual({ $file: text.id })
  expect(second).toMatchObject({ input: 'none', metadata: { again: [{ $file: image.id }] } })
  expect((await importFile('made', await made())).body).toMatchObject({
    version: 1,
    added: 0,
    changed: 0,
    unchanged: 2,
  })
  expect(await readdir(tmpdir())).toEqual([])
})

test('an export is imported as itself, here without a change and elsewhere with its files', async () => {
  await importFile('moved', await made())
  const zip = await exportZip('moved')
  const files = await unzip(zip)
  expect([...files.keys()]).toEqual([
    'items.jsonl',
    expect.stringMatching(/^files\/[\w-]{36}\/Größe 1\.png$/),
    expect.stringMatching(/^files\/[\w-]{36}\/b\.txt$/),
    'files.jsonl',
  ])
  expect((await importFile('moved', zip)).body).toMatchObject({ version: 1, added: 0, changed: 0, unchanged: 2 })

  expect((await importFile('moved', zip, elsewhere)).body).toMatchObject({ version: 1, added: 2 })
  const [copied, original] = [await itemsOf('moved', elsewhere), await itemsOf('moved')]
  const known = (items: { attachments: object[] }[]) =>
    items.map(({ attachments }) => attachments.map((file) => ({ ...file, id: null })))
  expect(known(copied.items)).toEqual(known(original.items))
  expect(copied.items[0].input.image.$file).not.toBe(original.items[0].input.image.$file)
  const file = await fetch(`${t.url}/attachments/${copied.items[0].input.image.$file}`, { headers: elsewhere })
  expect(Buffer.from(await file.arrayBuffer()).equals(photo)).toBe(true)
  expect((await unzip(await exportZip('moved', elsewhere))).size).toBe(4)
})

test('media types and names that a path cannot tell survive an export', async () => {
  const upload = async (mediaType: string, filename: string) => {
    const url = `${t.url}/attachments?filename=${encodeURIComponent(filename)}`
    const response = await fetch(url, { method: 'POST', body: 'same', headers: { ...here, 'content-type': mediaType } })
    return ((await response.json()) as { id: string }).id
  }
  const ids = [
    await upload('application/x-odd', 'a:b?.unknown'),
    await upload('text/x-other', '..'),
    await upload('text/html', 'x'),
  ]
  await importFile('odd', Buffer.from(ids.map(($file, key) => row({ key: `${key}`, input: { $file } })).join('')))
  expect((await importFile('odd', await exportZip('odd'), elsewhere)).status).toBe(200)
  expect(
    (await itemsOf('odd', elsewhere)).items.flatMap(({ attachments }: { attachments: object[] }) => attachments),
  ).toMatchObject([
    { mediaType: 'application/x-odd', filename: 'a:b?.unknown' },
    { mediaType: 'text/x-other', filename: '..' },
    { mediaType: 'text/html', filename: 'x' },
  ])
})

test('a dataset without files is a ZIP of its items, in any version, and CSV rows can be in a ZIP', async () => {
  await importFile('plain', Buffer.from(row({ input: 1 })))
  const files = await unzip(await exportZip('plain'))
  expect([...files.keys()]).toEqual(['items.jsonl'])
  expect(files.get('items.jsonl')?.toString()).toMatch(/^\{"id":"[\w-]+","input":1\}\n$/)
  const csv = await zipOf({ 'rows.csv': 'question;answer\na;b\n' })
  expect((await importFile('csv', csv, here, '?input=question&expected=answer')).body).toMatchObject({ added: 1 })
})

describe('a ZIP that cannot be imported is refused by name, and no item of it is stored', () => {
  const good = row({ input: 1 })
  test.each<[string, () => Promise<Buffer>, string]>([
    [
      'a spreadsheet',
      () => zipOf({ '[Content_Types].xml': '<x/>', 'xl/workbook.xml': '' }),
      'a spreadsheet: save it as CSV first',
    ],
    [
      'without rows',
      () => zipOf({ 'a.png': 'x' }),
      'one file of rows in the ZIP, called items.jsonl (or .json or .csv), got none',
    ],
    ['with several files of rows', () => zipOf({ 'a.jsonl': good, 'b.csv': good }), 'got a.jsonl, b.csv'],
    [
      'with a path that is not there',
      () => zipOf({ 'items.jsonl': row({ input: { $file: 'a.png' } }) }),
      'line 1, input: expected the path of a file in the ZIP, or the id of an attachment, as $file, got {"$file": "a.png"}',
    ],
    [
      'with a file of an unknown type',
      () => zipOf({ 'items.jsonl': good, 'a.unknowable': 'x' }),
      'a.unknowable: expected a file that can be stored',
    ],
    [
      'with an empty file',
      () => zipOf({ 'items.jsonl': good, 'a.png': '' }),
      'a.png: expected a file that can be stored',
    ],
    [
      'with a file above 20 MB',
      () => zipOf({ 'items.jsonl': good, 'a.png': Buffer.alloc(20 * 1024 * 1024 + 1) }),
      'a.png: expected a file that can be stored, got Expected a file of at most 20 MB',
    ],
    [
      'with a broken list of files',
      () => zipOf({ 'items.jsonl': good, 'files.jsonl': '{"name":1}' }),
      'files.jsonl: expected lines of {"path"',
    ],
    ['cut off', async () => (await made()).subarray(0, 5_000), 'expected a complete ZIP'],
    [
      'that leaves its folder',
      async () =>
        Buffer.from(
          (await zipOf({ 'xx/items.jsonl': good, 'xx/a.png': 'x' }))
            .toString('latin1')
            .replaceAll('xx/a.png', '../a.png'),
          'latin1',
        ),
      'expected a ZIP that can be read, got invalid relative path',
    ],
    ['with problems in its rows', () => zipOf({ 'items.jsonl': `${good}{"input":` }), 'line 2'],
  ])('%s', async (_what, make, message) => {
    const dataset = randomUUID()
    const { status, body } = await importFile(dataset, await make())
    expect(body.message).toContain(message)
    expect(status).toBe(422)
    expect(await t.db.prisma.dataset.count({ where: { name: dataset } })).toBe(0)
    expect(await readdir(tmpdir())).toEqual([])
  })

  test.each(['a.png', 'files.jsonl', 'items.jsonl'])('with %s larger than its directory says', async (name) => {
    const content = row({ path: 'a.png', input: 'x'.repeat(1_000) }).repeat(100)
    const others = { 'items.jsonl': good, [name === 'a.png' ? 'b.png' : 'a.png']: 'x' }
    const zip = await zipOf({ ...others, [name]: content })
    const at = zip.indexOf(name, zip.indexOf(Buffer.from('PK\u0001\u0002'))) - 46
    zip.writeUInt32LE(10, at + 24)
    const { status, body } = await importFile(randomUUID(), zip)
    expect([status, body.message]).toEqual([
      422,
      expect.stringContaining(`${name}: expected a file in the ZIP that can`),
    ])
  })

  test('with a damaged file', async () => {
    const zip = await zipOf({ 'items.jsonl': good, 'a.png': randomBytes(100_000) })
    zip.fill(0xff, zip.indexOf('a.png') + 10, zip.indexOf('a.png') + 1_000)
    expect((await importFile(randomUUID(), zip)).body.message).toContain(
      'a.png: expected a file in the ZIP with its checksum, got a damaged one',
    )
  })
})

test('an export whose client goes away ends', async () => {
  await importFile('left', await made())
  const { id } = await itemsOf('left')
  const response = await fetch(`${t.url}/export/datasets/${id}.zip`, { headers: here })
  await response.body?.cancel()
  expect(await text((await fetch(`${t.url}/export/datasets/${id}.jsonl`, { headers: here })).body as never)).toContain(
    '"a"',
  )
})

/** A ZIP whose directory says that it has so many files. */
function zipOfManyFiles(count: number): Buffer {
  const directory = Buffer.alloc(56 + 20 + 22)
  directory.writeUInt32LE(0x06064b50, 0)
  directory.writeBigUInt64LE(44n, 4)
  directory.writeBigUInt64LE(BigInt(count), 24)
  directory.writeBigUInt64LE(BigInt(count), 32)
  directory.writeUInt32LE(0x07064b50, 56)
  directory.writeBigUInt64LE(4n, 64)
  directory.writeUInt32LE(1, 72)
  directory.writeUInt32LE(0x06054b50, 76)
  directory.fill(0xff, 84, 96)
  return Buffer.concat([Buffer.from('PK\u0003\u0004'), directory])
}

test('a ZIP has 4 GB and 100,000 files at most', async () => {
  const many = await importFile('many', zipOfManyFiles(100_001))
  expect(many).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('at most 100,000 files, got 100001') },
  })
  const { bytes } = zipLimits
  expect(bytes).toBe(4 * 1024 ** 3)
  const zip = await zipOf({ 'items.jsonl': row({ input: 1 }) })
  try {
    zipLimits.bytes = zip.length
    expect((await importFile('allowed', zip)).status).toBe(200)
    zipLimits.bytes = zip.length - 1
    const { status, body } = await importFile('large', zip)
    expect([status, body.message]).toEqual([
      429,
      expect.stringMatching(/^Expected a ZIP of at most \S+ GB, got a larger one/),
    ])
  } finally {
    zipLimits.bytes = bytes
  }
})
