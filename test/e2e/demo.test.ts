import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { expect, test } from 'vitest'
import { startModelServer } from '../helpers/model-server/model-server.ts'
import { ask, makeTemporary, root, spawnNode } from '../helpers/spawn-assay.ts'

const script = join(root, 'examples/support-tickets/demo.ts')

/** The results of the two versions on the 320 tickets; test/examples computes the same without a server. */
const results = {
  rules: '0.706 ± 0.026',
  bayes: '0.819 ± 0.022',
  differences:
    'Of 320 tickets, both are right on 192, only keyword rules on 34,\nonly naive Bayes on 70, neither on 24.',
}

test('the demo runs both versions, shows the results, and serves operations that can be pasted', async () => {
  const dataDir = await makeTemporary()
  const demo = spawnNode([script, '--port', '0', '--data-dir', dataDir])
  const [, url = ''] = await demo.says(/Serving (http\S+)\/graphql/)
  await demo.says(/until you press Ctrl-C/)

  expect(demo.stdout).toMatch(/status +│ COMPLETED +│ COMPLETED/)
  expect(demo.stdout).toMatch(/items +│ 320 +│ 320/)
  expect(demo.stdout).toMatch(/failed +│ 0 +│ 0/)
  expect(demo.stdout).toMatch(new RegExp(`accuracy +│ ${results.rules} +│ ${results.bayes}`))
  // Corrected for the number of metrics, its p value depends on how quick the machine is: so does one of the others.
  expect(demo.stdout).toMatch(/accuracy +│ \+0\.113 +│ \+0\.051…\+0\.174 +│ (< )?0\.00[1-3] +│ 70\/34 +│ IMPROVED/)
  expect(demo.stdout).toContain(results.differences)

  const [both = '', another = '', watched = ''] = demo.stdout
    .split(/^# \d\. .*$/m)
    .slice(1)
    .map((text) => text.split('\n\n')[0] ?? '')
  for (const operation of [both, another, watched]) parse(operation)

  const { compareRuns } = await ask<{
    compareRuns: { metrics: { metric: { name: string }; verdict: string }[]; rows: { nodes: { cells: unknown[] }[] } }
  }>(url, both)
  expect(compareRuns.metrics.find(({ metric }) => metric.name === 'accuracy')).toMatchObject({ verdict: 'IMPROVED' })
  expect(compareRuns.rows.nodes.map(({ cells }) => cells.length)).toEqual([2, 2, 2, 2, 2])
  const { startRun } = await ask<{ startRun: { run: { id: string; progress: object } } }>(url, another)
  expect(startRun.run.progress).toEqual({ total: 50 })

  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, retryAttempts: 0 })
  let items = 0
  let last: { done: boolean; run: object } | undefined
  type Batch = { done: boolean; run: object; items: unknown[] }
  for await (const { data } of client.iterate<{ runFeed: Batch }>({ query: watched })) {
    items += data?.runFeed.items.length ?? 0
    last = data?.runFeed
  }
  await client.dispose()
  expect(items).toBe(320)
  expect(last).toMatchObject({ done: true, run: { progress: { total: 320, succeeded: 320, failed: 0 } } })

  demo.process.kill('SIGINT')
  expect(await demo.exited).toBe(0)
  expect(existsSync(join(dataDir, 'postgres/cluster/postmaster.pid'))).toBe(false)

  const again = spawnNode([script, '--exit', '--port', '0', '--data-dir', dataDir])
  expect(await again.exited).toBe(0)
  expect(again.stdout).toContain('320 tickets, 0 of them new')
  expect(again.stdout).toContain(results.differences)
}, 90_000)

test('the demo compares two prompts on a model', async () => {
  await using server = await startModelServer(({ body, prompt }) => {
    const isCareful = JSON.stringify(body.input ?? []).includes('Look for the request itself')
    const category = isCareful || prompt.length % 2 === 0 ? 'billing' : 'bug'
    return { text: JSON.stringify({ category, confidence: 0.5 }) }
  })
  const args = [
    '--port',
    '0',
    '--data-dir',
    await makeTemporary(),
    '--model',
    'gpt-4o-mini',
    '--tickets',
    '12',
    '--exit',
  ]
  const env = { OPENAI_API_KEY: 'sk-demo-0123456789', OPENAI_BASE_URL: server.openai }
  const demo = spawnNode([script, ...args], { env })
  expect(await demo.exited, demo.stderr).toBe(0)
  expect(demo.stdout).toMatch(/plain prompt on gpt-4o-mini +│ careful prompt on gpt-4o-mini/)
  expect(demo.stdout).toMatch(/items +│ 12 +│ 12/)
  expect(demo.stdout).toMatch(/cost +│ \S+ +│ \S+/)
  expect(demo.stdout + demo.stderr).not.toContain(env.OPENAI_API_KEY)
})

test('without a key the demo on a model says how', async () => {
  const env = { OPENAI_API_KEY: '', ANTHROPIC_API_KEY: '', OLLAMA_URL: '' }
  const demo = spawnNode([script, '--model', 'gpt-4o-mini'], { env })
  expect(await demo.exited).toBe(1)
  expect(demo.stderr).toContain('OPENAI_API_KEY=sk-…      npm run demo -- --model gpt-4o-mini')
})
