import { createHash, randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { encodeGlobalId, rawId } from '../../schema/relay/global-id.ts'
import { deleteUnusedAttachments } from '../../src/db/sql/attachment/collect.ts'
import { AttachmentPruning } from '../../src/engine/attachments/attachment-pruning.ts'
import { deleteDataset } from '../../src/engine/datasets/datasets.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { errorOf, startAttachmentServer } from './attachment-server.ts'

const { t, writer, reader, foreigner, upload, get } = await startAttachmentServer()
afterAll(() => t[Symbol.asyncDispose]())

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
