/** The example of docs/config.md, executed: against a model that is busy at first, and once says nothing. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { modulesOf } from '../../src/define-config.ts'
import { applyDeclarations } from '../../src/engine/declared-evaluators.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { blocksOf, executed } from '../helpers/documented.ts'
import { followRun, seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer } from '../helpers/server.ts'

const root = join(import.meta.dirname, '../..')

async function exampleConfig() {
  const page = await readFile(join(root, 'docs/config.md'), 'utf8')
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  const directory = await mkdtemp(join(root, 'test/examples/config-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'assay.config.ts')
  await writeFile(file, code.replace("from 'assay'", `from '${join(root, 'src/index.ts')}'`))
  return modulesOf((await import(/* @vite-ignore */ pathToFileURL(file).href)).default)
}

test('the example answers, retries, pays and scores as the page says', async () => {
  const asked: string[] = []
  const model = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const prompt: string = JSON.parse(body).messages[0].content
    asked.push(prompt)
    const times = asked.filter((other) => other === prompt).length
    if (prompt === 'Why?' && times === 1) return response.writeHead(429, { 'retry-after': '0' }).end()
    const content = prompt.startsWith('Rate')
      ? 'A solid 4.'
      : prompt === 'How?' && times === 1
        ? ' '
        : 'See the manual.'
    const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 }
    const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }]
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ id: 'any', created: 0, model: 'small', choices, usage }))
  })
  await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void model.close())
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('MODEL_URL', `http://127.0.0.1:${(model.address() as AddressInfo).port}`)
  vi.stubEnv('MODEL_KEY', 'any')

  const { tasks, evaluators } = await exampleConfig()
  await using t = await startTestServer({ tasks: [...tasks.values()], evaluators: [...evaluators.values()] })
  const datasetId = await seedDataset(t, [{ text: 'Why?' }, { text: 'How?' }])
  await t.db.pool.query(
    `UPDATE dataset_item_revision SET expected_output = '{"source": "manual"}' WHERE input ->> 'text' = 'Why?'`,
  )
  await t.db.pool.query(`UPDATE dataset_item_revision SET expected_output = NULL WHERE input ->> 'text' = 'How?'`)
  await t.db.prisma.dataset.update({ where: { id: datasetId }, data: { name: 'support/questions' } })
  await applyDeclarations(t.services, t.services.functions.registered)
  await t.startWorker()
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'answer' }, { maxAttempts: 3 })
  const { run, items } = await followRun(t, (await startRun(t.services, t.scope, { experimentId })).id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 2, costCount: 2, inputTokens: 3_000n })
  expect(run.costSum).toBeCloseTo(3 * 0.00014, 12)
  expect(run.evaluatorCostSum).toBeCloseTo(2 * 0.00014, 12)
  expect([...items.values()].map(({ attempts }) => attempts)).toEqual([2, 2])
  const summaries = await t.db.prisma.runScoreSummary.findMany({ where: { runId: run.id }, orderBy: { name: 'asc' } })
  expect(summaries).toMatchObject([
    { name: 'cites', dataType: 'BOOLEAN', count: 1, sum: 1 },
    { name: 'helpful', dataType: 'NUMERIC', lowest: 1, highest: 5, count: 2, sum: 8 },
    { name: 'length', count: 2, errorCount: 0 },
  ])

  const [operation = ''] = blocksOf('docs/config.md', 'graphql')
  const { createEvaluator } = await executed(t, operation, {})
  expect(createEvaluator.evaluator).toMatchObject({ version: 1, datasets: [] })
})
