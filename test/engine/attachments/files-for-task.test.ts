import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { referencesIn } from '../../../src/domain/attachment/references.ts'
import type { HttpTaskSpec } from '../../../src/domain/execution/http-task.ts'
import type { TaskSpec } from '../../../src/domain/execution/task.ts'
import { encodeGlobalId } from '../../../src/domain/global-id.ts'
import type { Json } from '../../../src/domain/json/json.ts'
import { storeAttachment } from '../../../src/engine/attachments/store-attachment.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
  await t.startWorker({ slots: 4 })
})
afterAll(() => t[Symbol.asyncDispose]())

async function store(content: string | Buffer, mediaType: string, filename: string | null): Promise<string> {
  const { id } = await storeAttachment(t.services, t.scope, {
    source: Readable.from([Buffer.from(content)]),
    ...{ mediaType, filename },
  })
  return encodeGlobalId('Attachment', id)
}

async function runOn(task: TaskSpec, input: Json) {
  const experimentId = await seedExperiment(t, await seedDataset(t, [input]), task, { maxAttempts: 1 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items } = await followRun(t, id)
  const [item] = [...items.values()]
  return { output: item?.output, error: item?.error }
}

test('a function gets files as data URLs, in their places', async () => {
  const id = await store('hello', 'text/plain; charset=utf-8', 'hello.txt')
  const file = {
    ...{ $file: id, mediaType: 'text/plain; charset=utf-8', filename: 'hello.txt' },
    url: `data:text/plain;charset=utf-8;base64,${Buffer.from('hello').toString('base64')}`,
  }
  expect(await runOn({ kind: 'module', name: 'echo' }, { q: 'x', files: [{ $file: id }, { $file: id }] })).toEqual({
    output: { q: 'x', files: [file, file] },
    error: null,
  })
})

test('an HTTP endpoint gets a file of several chunks whole', async () => {
  const bytes = Buffer.alloc(700_000, 'file')
  let received: unknown
  const server = createServer(async (request, response) => {
    received = await json(request)
    response.setHeader('content-type', 'application/json')
    response.end('"seen"')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const task: HttpTaskSpec = {
    ...{
      kind: 'http',
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      method: 'POST',
      headers: {},
    },
    body: { image_url: '{{input.photo.url}}', type: '{{input.photo.mediaType}}' },
    ...{ outputPath: null, costPath: null, inputTokensPath: null, outputTokensPath: null },
  }
  const id = await store(bytes, 'image/png', null)
  expect(await runOn(task, { photo: { $file: id } })).toEqual({ output: 'seen', error: null })
  expect(received).toEqual({ image_url: `data:image/png;base64,${bytes.toString('base64')}`, type: 'image/png' })
})

test('a file that does not exist any more, and too many bytes, fail the item with the reason', async () => {
  const missing = encodeGlobalId('Attachment', '00000000-0000-4000-8000-000000000000')
  expect((await runOn({ kind: 'module', name: 'echo' }, { $file: missing })).error).toMatchObject({
    code: 'INVALID_INPUT',
    message: `The item refers to the file ${missing}, which does not exist in this project.`,
  })
  const large = await Promise.all(['a', 'b', 'c'].map((content) => store(content, 'image/png', 'large.png')))
  await t.db.prisma.attachmentContent.updateMany({
    where: { attachments: { some: { filename: 'large.png' } } },
    data: { bytes: 18 * 1024 * 1024 },
  })
  const files = large.map(($file) => ({ $file }))
  expect((await runOn({ kind: 'module', name: 'echo' }, { files })).error).toMatchObject({
    code: 'INVALID_INPUT',
    message: 'Expected files of at most 50 MB together in one item, got 54.0 MB.',
  })
})

test('only an object with nothing but $file is a reference', () => {
  expect(referencesIn({ a: { $file: 'x' }, b: [{ $file: 'y', more: 1 }, { $file: 2 }, '$file'] })).toEqual(['x'])
})
