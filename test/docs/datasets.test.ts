/** Follows the part of docs/datasets.md on files literally. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { blocksOf } from '../helpers/documented.ts'
import { seedDataset } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { makeTemporary } from '../helpers/spawn-assay.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer({}, { open: true })
})
afterAll(() => t[Symbol.asyncDispose]())

/** Executes a command of the page, with this server in place of the usual one. */
async function execute(command: string, cwd: string) {
  const line = command.replace('localhost:4000', new URL(t.url).host)
  const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd })
  return JSON.parse(stdout)
}

test('a file is stored, referred to by an item, and imported with a dataset', async () => {
  const cwd = await makeTemporary()
  const commands = blocksOf('docs/datasets.md', 'sh')
  const [upload = '', importZip = ''] = commands
  expect(commands).toHaveLength(2)
  await writeFile(join(cwd, 'photo.png'), 'not really a photo')
  const stored = await execute(upload, cwd)
  expect(stored).toMatchObject({ mediaType: 'image/png', filename: 'photo.png', bytes: 18 })

  const [operation = ''] = blocksOf('docs/datasets.md', 'graphql')
  const [variables = ''] = blocksOf('docs/datasets.md', 'json')
  const datasetId = encodeGlobalId('Dataset', await seedDataset(t, []))
  const { data } = await t.query(
    operation.replace('<id of the dataset>', datasetId),
    JSON.parse(variables.replace('<id of the file>', stored.id)),
  )
  const [item] = data.upsertDatasetItems.items
  expect(item).toMatchObject({
    input: { question: 'What is it?', photo: { $file: stored.id } },
    attachments: [{ id: stored.id, mediaType: 'image/png', filename: 'photo.png', bytes: 18 }],
  })
  expect(await (await fetch(item.attachments[0].url)).text()).toBe('not really a photo')

  const zip = new ZipFile()
  zip.addBuffer(Buffer.from('{"input": {"photo": {"$file": "images/1.png"}}}\n'), 'items.jsonl')
  zip.addBuffer(Buffer.from('not really a photo'), 'images/1.png')
  zip.end()
  await writeFile(join(cwd, 'pictures.zip'), await buffer(zip.outputStream))
  expect(await execute(importZip, cwd)).toMatchObject({ dataset: 'pictures', rows: 1, added: 1 })
})
