/** Lists of things to change: one rule for what is there twice, and the place of what cannot be stored. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let datasetId: string
let runId: string
let itemIds: string[]
let scoreIds: string[]

beforeAll(async () => {
  t = await startTestServer()
  const dataset = await seedDataset(t, [1, 2])
  datasetId = encodeGlobalId('Dataset', dataset)
  const run = await recordRun(t, dataset, [
    { item: 0, scores: { right: true } },
    { item: 1, scores: { right: false } },
  ])
  runId = encodeGlobalId('Run', run)
  const items = await t.db.prisma.datasetItem.findMany({ where: { datasetId: dataset }, orderBy: { id: 'asc' } })
  itemIds = items.map(({ id }) => encodeGlobalId('DatasetItem', String(id)))
  const scores = await t.db.prisma.score.findMany({ where: { runId: run } })
  scoreIds = scores.map(({ id }) => encodeGlobalId('Score', `${run}:${id}`))
})
afterAll(() => t[Symbol.asyncDispose]())

async function change(name: string, input: object) {
  const type = name.charAt(0).toUpperCase() + name.slice(1)
  const { data, errors } = await t.query(
    `mutation($input: ${type}Input!) { ${name}(input: $input) { __typename ... on UserError { message path } } }`,
    { input },
  )
  expect(errors).toBeUndefined()
  return data[name]
}

test('an element that is there twice is refused at its place, whatever is changed', async () => {
  const [a, b] = itemIds
  const rating = (name: string) => ({ target: { runId }, name, value: 1 })
  const changes: [string, object, (string | number)[]][] = [
    ['setScores', { scores: [rating('good'), rating('fine'), rating('good')] }, ['scores', '2', 'name']],
    ['deleteScores', { ids: [scoreIds[0], scoreIds[1], scoreIds[0]] }, ['ids', '2']],
    ['deleteRuns', { ids: [runId, runId] }, ['ids', '1']],
    ['archiveDatasetItems', { datasetId, itemIds: [a, b, a] }, ['itemIds', '2']],
    ['restoreDatasetItems', { datasetId, itemIds: [b, b] }, ['itemIds', '1']],
    [
      'upsertDatasetItems',
      {
        datasetId,
        items: [
          { id: a, input: 1 },
          { id: a, input: 2 },
        ],
      },
      ['items', '1', 'id'],
    ],
    [
      'upsertDatasetItems',
      {
        datasetId,
        items: [
          { key: 'k', input: 1 },
          { key: 'k', input: 2 },
        ],
      },
      ['items', '1', 'key'],
    ],
    ['tagDatasetItems', { datasetId, items: { itemIds: [a, a] }, add: ['x'] }, ['items', 'itemIds', '1']],
  ]
  for (const [name, input, path] of changes) {
    expect([name, await change(name, input)]).toEqual([
      name,
      {
        __typename: 'InvalidInputError',
        message: expect.stringMatching(/^Expected every \w+ once/),
        path: ['input', ...path],
      },
    ])
  }
  expect(await t.db.prisma.score.count()).toBe(2)
})

test('what cannot be stored in one of many scores is named by its place', async () => {
  const scores = Array.from({ length: 50 }, (_, n) => ({ target: { runId }, name: `n${n}`, value: 1, comment: 'fine' }))
  const at = (n: number, bad: object) => ({
    scores: scores.map((score, index) => (index === n ? { ...score, ...bad } : score)),
  })
  for (const [bad, path] of [
    [{ comment: 'a\0b' }, ['comment']],
    [{ comment: '\ud800' }, ['comment']],
    [{ metadata: { deep: ['a\0'] } }, ['metadata', 'deep', '0']],
    [{ name: 'n\0' }, ['name']],
  ] as const) {
    const refused = await change('setScores', at(37, bad))
    expect(refused).toMatchObject({ __typename: 'InvalidInputError', path: ['input', 'scores', '37', ...path] })
  }
  expect(await change('setScores', at(37, {}))).toEqual({ __typename: 'SetScoresPayload' })
})

test('the name of a metric is no longer than that of a score', async () => {
  const gate = { notWorse: [{ metric: { score: { name: 'n'.repeat(201) } }, margin: 0.1 }] }
  const experiment = await t.db.prisma.experiment.findFirstOrThrow()
  const input = { experimentId: encodeGlobalId('Experiment', experiment.id), gate }
  expect(await change('setGate', input)).toMatchObject({
    __typename: 'InvalidInputError',
    path: ['input', 'gate', 'notWorse', '0', 'metric', 'score', 'name'],
  })
})

test('errors of exports and outputs have the shape of every other error', async () => {
  for (const path of [
    `/output/${encodeGlobalId('RunItem', 'x:1')}`,
    '/export/run/nothing',
    '/export/dataset/nothing',
  ]) {
    const response = await fetch(`${t.url}${path}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      errors: [{ message: expect.any(String), extensions: { code: 'NOT_FOUND' } }],
    })
  }
})
