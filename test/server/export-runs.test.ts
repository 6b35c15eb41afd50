/** GET /export/runs */
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { get, idOf, lines, newName, post, server, useServer } from './transfer-server.ts'

useServer()

async function run() {
  const name = newName()
  await post(name, lines({ key: 'a', input: 'q1', expectedOutput: 'x' }, { key: 'b', input: 'q2', tags: ['t'] }))
  await post(name, lines({ key: 'a', input: 'changed since' }))
  const datasetId = await idOf(name)
  const { projectId } = server.scope
  const experiment = await server.db.prisma.experiment.create({
    data: { projectId, datasetId, name, task: {}, settings: {} },
  })
  const { id } = await server.db.prisma.run.create({
    data: {
      projectId,
      datasetId,
      experimentId: experiment.id,
      datasetVersion: 1,
      name: 'Run "1"',
      seed: 's',
      task: {},
      settings: {},
      total: 2,
      queued: 0,
    },
  })
  const items = await server.db.prisma.datasetItem.findMany({ where: { datasetId }, orderBy: { id: 'asc' } })
  const [a, b] = items.map((item) => item.id) as [bigint, bigint]
  const at = new Date('2026-01-02T03:04:05.678Z')
  await server.db.prisma.runItem.createMany({
    data: [
      {
        runId: id,
        ordinal: 0,
        itemId: b,
        position: 0,
        repetition: 0,
        status: 'SUCCEEDED',
        output: '=HYPERLINK("x")',
        attempts: 1,
        latencyMs: 12.5,
        costUsd: 0.25,
        startedAt: at,
        finishedAt: at,
      },
      {
        runId: id,
        ordinal: 1,
        itemId: a,
        position: 1,
        repetition: 0,
        status: 'FAILED',
        error: { code: 'TIMEOUT', message: 'm', retryable: true },
        attempts: 3,
      },
    ],
  })
  await server.db.prisma.score.createMany({
    data: [
      { runId: id, ordinal: 0, name: 'exact', dataType: 'NUMERIC', value: 0.5, source: 'EVALUATOR' },
      { runId: id, ordinal: 0, name: 'tone', dataType: 'CATEGORICAL', label: 'kind', source: 'HUMAN', author: 'me' },
      { runId: id, ordinal: 0, name: 'exact', dataType: 'NUMERIC', value: 1, source: 'HUMAN', author: 'me' },
      { runId: id, ordinal: null, name: 'whole run', dataType: 'NUMERIC', value: 1, source: 'API' },
    ],
  })
  const rules = { runId: id, direction: 'NONE', failurePolicy: 'MISSING' } as const
  await server.db.prisma.runScoreSummary.createMany({
    data: [
      { ...rules, name: 'exact', source: 'EVALUATOR', dataType: 'NUMERIC' },
      { ...rules, name: 'exact', source: 'HUMAN', dataType: 'NUMERIC' },
      { ...rules, name: 'tone', source: 'HUMAN', dataType: 'CATEGORICAL' },
    ],
  })
  const [first, second] = [a, b].map((item) => encodeGlobalId('DatasetItem', String(item)))
  return { runId: id, id: encodeGlobalId('Run', id), a: first, b: second, at: at.toISOString() }
}

it('gives every item with what it was asked, what came and its scores', async () => {
  const { runId, id, a, b, at } = await run()
  const response = await get(`runs/${id}.jsonl`)
  expect(response.headers.get('content-disposition')).toContain('filename="Run-1-.jsonl"')
  const found = (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(found).toMatchObject([
    {
      itemId: b,
      runItemId: encodeGlobalId('RunItem', `${runId}:0`),
      key: 'b',
      input: 'q2',
      expectedOutput: null,
      tags: ['t'],
      status: 'SUCCEEDED',
      output: '=HYPERLINK("x")',
      latencyMs: 12.5,
      costUsd: 0.25,
      startedAt: at,
      scores: [
        { name: 'exact', value: 0.5, source: 'EVALUATOR' },
        { name: 'exact', value: 1, source: 'HUMAN' },
        { name: 'tone', label: 'kind', author: 'me' },
      ],
    },
    {
      itemId: a,
      runItemId: encodeGlobalId('RunItem', `${runId}:1`),
      key: 'a',
      input: 'q1',
      expectedOutput: 'x',
      status: 'FAILED',
      output: null,
      error: { code: 'TIMEOUT' },
      attempts: 3,
      costUsd: null,
      scores: [],
    },
  ])
})

it('gives a column for each score in CSV', async () => {
  const { id, at } = await run()
  const found = parse(await (await get(`runs/${id}.csv`)).text(), { columns: true, recordDelimiter: '\r\n' })
  expect(found).toMatchObject([
    {
      key: 'b',
      input: 'q2',
      output: '\'=HYPERLINK("x")',
      latencyMs: '12.5',
      finishedAt: at,
      tags: '["t"]',
      'score:exact': '0.5',
      'score:exact:HUMAN': '1',
      'score:tone': 'kind',
    },
    {
      key: 'a',
      status: 'FAILED',
      error: '{"code":"TIMEOUT","message":"m","retryable":true}',
      costUsd: '',
      'score:exact': '',
      'score:tone': '',
    },
  ])
})
