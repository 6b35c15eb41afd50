import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PromptTaskSpec } from '../../../src/domain/execution/prompt-task.ts'
import { encodeGlobalId } from '../../../src/domain/global-id.ts'
import { storeAttachment } from '../../../src/engine/attachments/store-attachment.ts'
import { createExperiment, updateExperiment } from '../../../src/engine/experiments.ts'
import {
  createPrompt,
  deletePrompt,
  setPromptArchived,
  setPromptLabel,
  updatePrompt,
} from '../../../src/engine/prompts/prompts.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'
import { type ModelServer, startModelServer } from '../../helpers/model-server/model-server.ts'
import { promptTask, seedProvider } from '../../helpers/prompt-task.ts'

let t: TestEngine
let server: ModelServer

beforeAll(async () => {
  t = await createTestEngine()
  server = await startModelServer(({ prompt }) => ({ text: `echo ${prompt}` }))
  await seedProvider(t, server.openai)
  await t.startWorker({ slots: 4 })
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await server.stop()
})

const user = (content: string) => ({ messages: [{ role: 'USER', content }] })

/** An experiment on one item whose prompt is a reference to `name`. */
async function experimentWith(name: string, reference: object = {}): Promise<string> {
  const datasetId = await seedDataset(t, [{ q: 'hi' }])
  const task = { kind: 'prompt', provider: 'test', model: 'gpt-4o-mini', prompt: { prompt: { name, ...reference } } }
  return (await createExperiment(t.services, t.scope, { name: `with ${name}`, datasetId, task })).id
}

async function run(experimentId: string) {
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items, run } = await followRun(t, id)
  const { prompt } = run.task as unknown as PromptTaskSpec
  const version = 'version' in prompt ? (prompt.version?.number ?? null) : null
  return { output: items.get(0)?.output, version, promptVersionId: run.promptVersionId }
}

test('a run keeps the version that its label had when it started, the next one takes the one that it has then', async () => {
  const { id } = await createPrompt(t.services, t.scope, {
    name: 'moved',
    content: user('one {{q}}'),
    labels: ['live'],
  })
  await updatePrompt(t.services, t.scope, { id, content: user('two {{q}}') })
  const experimentId = await experimentWith('moved', { label: 'live' })
  const first = await run(experimentId)
  await setPromptLabel(t.services, t.scope, { promptId: id, label: 'live', version: 2 })
  const second = await run(experimentId)
  const versions = await t.db.prisma.promptVersion.findMany({ where: { promptId: id }, orderBy: { version: 'asc' } })
  expect([first, second]).toEqual([
    { output: 'echo one hi', version: 1, promptVersionId: versions[0]?.id },
    { output: 'echo two hi', version: 2, promptVersionId: versions[1]?.id },
  ])
})

test('without a version or label the newest is meant, by its name of then', async () => {
  const { id } = await createPrompt(t.services, t.scope, { name: 'named', content: user('one {{q}}') })
  const newest = await experimentWith('named')
  await updatePrompt(t.services, t.scope, { id, name: 'renamed', content: user('two {{q}}') })
  expect(await run(newest)).toMatchObject({ output: 'echo two hi', version: 2 })
  await setPromptArchived(t.services, t.scope, { id, archived: true })
  expect(await run(newest)).toMatchObject({ version: 2 })
  await expect(experimentWith('renamed')).rejects.toThrow('Prompt "renamed" is archived. Restore it first.')
})

test('a label of an experiment stays; without it no run starts, and it says which there are', async () => {
  const { id } = await createPrompt(t.services, t.scope, {
    name: 'unlabelled',
    content: user('{{q}}'),
    labels: ['a', 'b'],
  })
  const experimentId = await experimentWith('unlabelled', { label: 'a' })
  await expect(setPromptLabel(t.services, t.scope, { promptId: id, label: 'a', version: null })).rejects.toThrow(
    'Label a of prompt "unlabelled" is used by experiment "with unlabelled"',
  )
  // As one that an older version of the server has removed.
  await t.db.prisma.promptLabel.deleteMany({ where: { promptId: id, name: 'a' } })
  const before = await t.db.prisma.run.count()
  await expect(startRun(t.services, t.scope, { experimentId })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: 'Prompt "unlabelled" has no label "a"; it has b.',
  })
  expect(await t.db.prisma.run.count()).toBe(before)
})

test('a prompt is kept for as long as an experiment refers to it, its runs survive it', async () => {
  const { id } = await createPrompt(t.services, t.scope, { name: 'kept', content: user('one {{q}}') })
  const experimentId = await experimentWith('kept')
  const { output } = await run(experimentId)
  await expect(deletePrompt(t.services, t.scope, id)).rejects.toThrow(
    'Prompt "kept" is used by experiment "with kept".',
  )
  const task = { kind: 'prompt', provider: 'test', model: 'gpt-4o-mini', prompt: { content: user('own {{q}}') } }
  await updateExperiment(t.services, t.scope, { id: experimentId, task })
  await deletePrompt(t.services, t.scope, id)
  const kept = await t.db.prisma.run.findFirstOrThrow({ where: { experimentId } })
  expect([output, kept.promptVersionId]).toEqual(['echo one hi', null])
  expect((kept.task as unknown as PromptTaskSpec).prompt).toMatchObject({
    content: user('one {{q}}'),
    version: { number: 1 },
    prompt: { name: 'kept' },
  })
  expect(await run(experimentId)).toEqual({ output: 'echo own hi', version: null, promptVersionId: null })
})

test('a model gets the attachments that an input refers to, and an unknown one fails the item', async () => {
  const { id } = await storeAttachment(t.services, t.scope, {
    source: Readable.from([Buffer.from('not really a photo')]),
    ...{ mediaType: 'image/png', filename: null },
  })
  const spec = promptTask({}, user('What is it? {{photo}}') as never)
  const show = async ($file: string) => {
    const experimentId = await seedExperiment(t, await seedDataset(t, [{ photo: { $file } }]), spec, { maxAttempts: 1 })
    const { items } = await followRun(t, (await startRun(t.services, t.scope, { experimentId })).id)
    return items.get(0)
  }
  expect(await show(encodeGlobalId('Attachment', id))).toMatchObject({ status: 'SUCCEEDED' })
  const sent = JSON.stringify(server.requests.at(-1)?.body)
  expect(sent).toContain(Buffer.from('not really a photo').toString('base64'))
  expect(sent).toContain('image/png')
  expect(await show(encodeGlobalId('Attachment', '00000000-0000-4000-8000-000000000000'))).toMatchObject({
    status: 'FAILED',
    error: { code: 'INVALID_INPUT' },
  })
})
