/** What the engine makes of functions that end their processes. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { Worker } from '../../src/engine/execution/worker.ts'
import { previewEvaluator } from '../../src/engine/preview-evaluator.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { HostPool } from '../../src/function-hosts/host-pool.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'

let t: TestEngine
let folder: string
let hosts: HostPool
let worker: Worker

beforeAll(async () => {
  t = await createTestEngine()
  folder = await mkdtemp(join(tmpdir(), 'assay-crashes-'))
  const calls = JSON.stringify(join(folder, 'calls'))
  const config = join(folder, 'assay.config.mjs')
  await writeFile(
    config,
    `import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
export default {
  tasks: {
    fragile: async (input) => {
      appendFileSync(${calls}, input + ' ')
      await setTimeout(20)
      if (input === 13) process.exit(1)
      return input
    },
    echo: (input) => { appendFileSync(${calls}, input + ' '); return input },
  },
  evaluators: {
    picky: ({ output }) => { if (output === 2) process.exit(1); return output },
    exits: () => process.exit(1),
    misfit: ({ output }) => output === 1 ? 1 : [{ value: 'one' }, { name: 'other', value: output === 2 ? 2 : 'two' }],
  },
}`,
  )
  hosts = new HostPool({ config, hosts: 1, log: pino({ level: 'silent' }) })
  await hosts.start()
  worker = new Worker({ ...t.services, functions: hosts }, t.listener).start()
})
afterAll(async () => {
  await worker.stop()
  await hosts.stop()
  await t[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function run(task: string, inputs: number[], settings: object) {
  const experimentId = await seedExperiment(t, await seedDataset(t, inputs), { kind: 'module', name: task }, settings)
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items, run } = await followRun(t, id)
  return { run, items: [...items.values()] }
}

const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split(' ').map(Number)

test('only the attempts of the item that ends its process are spent, and it fails with TASK_CRASHED', async () => {
  const inputs = Array.from({ length: 40 }, (_, n) => n)
  const { run: ended, items } = await run('fragile', inputs, { concurrency: 8, maxAttempts: 2 })
  expect(ended).toMatchObject({ status: 'COMPLETED', succeeded: 39, failed: 1 })
  const failed = items.filter(({ status }) => status === 'FAILED')
  expect(failed).toMatchObject([
    {
      error: {
        code: 'TASK_CRASHED',
        message: 'The function ended its process, in which it was alone: its process exited with code 1.',
      },
    },
  ])
  // One call with others, which is no attempt, and two alone.
  expect((await calls()).filter((input) => input === 13)).toHaveLength(3)
  expect(failed[0]?.attempts).toBe(3)
  expect(hosts.deaths).toBe(3)
})

test('an evaluator that ends its process is an error in place of its score, and the task is not called again', async () => {
  await writeFile(join(folder, 'calls'), '')
  const { id } = await createEvaluator(t.services, t.scope, {
    name: 'picky',
    definition: { kind: 'module', module: 'picky' },
  })
  const { items } = await run('echo', [1, 2, 3], { concurrency: 3 })
  expect(items.map(({ output, scores }) => [output, scores[0]?.value, scores[0]?.error])).toEqual(
    expect.arrayContaining([
      [1, 1, null],
      [2, null, expect.objectContaining({ code: 'EVALUATOR_FAILED', message: expect.stringContaining('alone') })],
      [3, 3, null],
    ]),
  )
  expect((await calls()).sort()).toEqual([1, 2, 3])
  await t.db.prisma.evaluator.update({ where: { id }, data: { active: false } })
})

test('a score of another type than its evaluator gives is an error in its place, and the run goes on', async () => {
  const { id } = await createEvaluator(t.services, t.scope, {
    name: 'misfit',
    definition: { kind: 'module', module: 'misfit' },
  })
  const { run: ended, items } = await run('echo', [1, 2, 3], { concurrency: 1 })
  expect(ended).toMatchObject({ status: 'COMPLETED', succeeded: 3, failed: 0 })
  const scores = items.flatMap(({ scores }) => scores)
  expect(scores.filter(({ error }) => error === null)).toHaveLength(2)
  expect(scores.flatMap(({ error }) => (error as { message?: string } | null)?.message ?? []).sort()).toEqual([
    'Expected a number for "misfit", which is NUMERIC, got "one".',
    'Expected a number for "misfit", which is NUMERIC, got "one".',
    expect.stringMatching(/^Expected a (number|text) for "other", which is (NUMERIC|CATEGORICAL), got (2|"two")\.$/),
  ])
  await t.db.prisma.evaluator.update({ where: { id }, data: { active: false } })
})

test('a preview is made by a worker, and one that ends its process is an error', async () => {
  const preview = (module: string, output: number) =>
    previewEvaluator(t.services, t.scope, { definition: { kind: 'module', module }, output })
  expect(await preview('picky', 1)).toMatchObject({ evaluations: [{ name: 'preview', value: 1 }], error: null })
  expect(await preview('exits', 1)).toMatchObject({
    evaluations: [],
    error: { code: 'EVALUATOR_FAILED', message: expect.stringContaining('exited with code 1') },
  })
  expect(await t.db.prisma.evaluatorPreview.count()).toBe(0)
})
