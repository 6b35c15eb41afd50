/**
 * Functions that end, block or fill their process, each on one item of 200: all others succeed, and the server answers
 * as if nothing had happened.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { figure } from '../helpers/fault-lab.ts'
import { ask, makeTemporary, spawnServer } from '../helpers/spawn-assay.ts'

const size = 200
const bad = 100
const timeoutMs = 2_000
const maxHealthMs = 250

const config = `
import { defineConfig } from 'assay'
import { setTimeout } from 'node:timers/promises'
const kept = []
const on = (fail) => async (input) => {
  await setTimeout(10)
  if (input === ${bad}) await fail()
  return input
}
export default defineConfig({
  tasks: {
    exits: on(() => process.exit(1)),
    blocks: on(() => { for (;;); }),
    rejects: on(() => { Promise.reject(new Error('nobody awaits this')) }),
    heap: on(() => { for (;;) kept.push(Array.from({ length: 10_000 }, (_, n) => ({ n }))) }),
    buffers: on(() => { for (;;) kept.push(Buffer.alloc(1_000_000, 1)) }),
  },
})
`

const create = `mutation ($input: CreateExperimentInput!) {
  createExperiment(input: $input) { ... on CreateExperimentPayload { run { id } } ... on UserError { message } }
}`
const read = `query ($id: ID!) {
  run(id: $id) {
    status progress { total succeeded failed }
    items(filter: { status: FAILED }, first: 10) { nodes { datasetItem { key } attempts error { code message } } }
  }
}`

interface State {
  run: {
    status: string
    progress: { succeeded: number; failed: number }
    items: { nodes: { datasetItem: { key: string }; error: { code: string; message: string } }[] }
  }
}

/** The slowest answer of /healthz, asked one after the other until `until` resolves, in milliseconds. */
async function slowestHealth(url: string, until: Promise<unknown>): Promise<number> {
  let over = false
  void until.finally(() => {
    over = true
  })
  let slowest = 0
  while (!over) {
    const startedAt = performance.now()
    const { status } = await fetch(`${url}/healthz`)
    if (status !== 200) throw new Error(`/healthz answered ${status}`)
    slowest = Math.max(slowest, performance.now() - startedAt)
    await delay(10)
  }
  return slowest
}

test('functions that exit, block, reject unawaited and leak cost one item of 200 each', async () => {
  const cwd = await makeTemporary()
  await writeFile(join(cwd, 'assay.config.ts'), config)
  const { url } = await spawnServer(['--function-memory', '512'], { cwd })
  const rows = Array.from({ length: size }, (_, input) => JSON.stringify({ key: String(input), input }))
  const imported = await fetch(`${url}/import/items`, { method: 'POST', body: rows.join('\n') })
  const { datasetId } = (await imported.json()) as { datasetId: string }

  for (const name of ['exits', 'blocks', 'rejects', 'heap', 'buffers']) {
    const startedAt = performance.now()
    const settings = { concurrency: 10, maxAttempts: 1, timeoutMs }
    const input = { name, datasetId, task: { module: { name } }, settings, start: true }
    const { createExperiment } = await ask<{ createExperiment: { run: { id: string } } }>(url, create, { input })
    const { id } = createExperiment.run
    const ended = expect
      .poll(async () => (await ask<State>(url, read, { id })).run.status, { timeout: 120_000, interval: 200 })
      .toBe('COMPLETED')
    const slowest = await slowestHealth(url, Promise.resolve(ended))
    await ended
    const { run } = await ask<State>(url, read, { id })
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    figure(
      `${name}: ${run.progress.succeeded} of ${size} succeeded in ${seconds} s; /healthz ${slowest.toFixed(0)} ms at most`,
    )
    expect(run.progress).toMatchObject({ succeeded: size - 1, failed: 1 })
    expect(run.items.nodes).toMatchObject([{ datasetItem: { key: String(bad) }, error: { code: 'TASK_CRASHED' } }])
    expect(slowest).toBeLessThanOrEqual(maxHealthMs)
  }
})
