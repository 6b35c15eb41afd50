/** Stored outputs are scored again without executing anything; a series has the scores of one version. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import type { RunSettings } from '../../../src/domain/run.ts'
import { createEvaluator, updateEvaluator } from '../../../src/engine/evaluators.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { resumeRun } from '../../../src/engine/runs/reopen-run.ts'
import { cancelRescoring, rescoreRuns } from '../../../src/engine/runs/rescore-runs.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
/** What the judge says of an output. */
let judge: (output: number) => unknown
let executed: number
let asked: number

beforeAll(async () => {
  t = await startTestServer({
    tasks: [
      {
        name: 'echo',
        run: (input) => {
          executed += 1
          return input
        },
      },
    ],
    evaluators: [
      {
        name: 'judge',
        evaluate: async ({ output }) => {
          asked += 1
          return (await judge(output)) as number
        },
      },
    ],
  })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(() => {
  judge = (output) => output
  executed = 0
  asked = 0
})

const atMost = (maxMs: number) => ({ kind: 'builtin', type: 'latency', maxMs })

async function newEvaluator(definition: object, name: string = randomUUID()) {
  return createEvaluator(t.services, t.scope, { name, definition, active: false })
}

async function finishedRun(inputs: number[], evaluatorIds: string[], settings: Partial<RunSettings> = {}) {
  const datasetId = await seedDataset(t, inputs)
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' }, settings)
  const { id } = await startRun(t.services, t.scope, { experimentId, evaluatorIds })
  await followRun(t, id)
  return id
}

function runOf(id: string) {
  return t.db.prisma.run.findUniqueOrThrow({ where: { id } })
}

/** The values that count, the smallest first. */
async function valuesOf(runId: string, name: string) {
  const scores = await t.db.prisma.score.findMany({
    where: { runId, name, source: 'EVALUATOR' },
    orderBy: { value: 'asc' },
  })
  return scores.map(({ value }) => value)
}

const rescoreMutation = `mutation ($input: RescoreRunsInput!) {
  rescoreRuns(input: $input) {
    __typename
    ... on RescoreRunsPayload { runs { id status scoring { status total done budgetUsd } } }
    ... on UserError { message code path }
  }
}`

async function rescore(runId: string, evaluatorId: string, input: object = {}) {
  const { data } = await t.query(rescoreMutation, {
    input: {
      runIds: [encodeGlobalId('Run', runId)],
      evaluatorIds: [encodeGlobalId('Evaluator', evaluatorId)],
      ...input,
    },
  })
  return data.rescoreRuns
}

it('scores stored outputs by the new version of an evaluator; the old scores stay beside it, and can be compared', async () => {
  const name = 'slow enough'
  const evaluator = await newEvaluator({ kind: 'code', code: 'const evaluate = ({ output }) => output % 2' }, name)
  const id = await finishedRun(
    Array.from({ length: 60 }, (_, n) => n),
    [evaluator.id],
    { repetitions: 2 },
  )
  expect(executed).toBe(120)
  const before = await runOf(id)
  const query = `query ($id: ID!) { run(id: $id) { status items(first: 3) { nodes { scores { name value } } } } }`
  const page = new URL(`${t.url}/graphql`)
  page.searchParams.set('query', query)
  page.searchParams.set('variables', JSON.stringify({ id: encodeGlobalId('Run', id) }))
  const tag = async () => (await fetch(page)).headers.get('etag')
  const old = await tag()

  const code = 'const evaluate = ({ output }) => output % 3 === 0 ? 1 : 0'
  await updateEvaluator(t.services, t.scope, { id: evaluator.id, definition: { kind: 'code', code } })
  expect(await rescore(id, evaluator.id)).toMatchObject({
    runs: [{ status: 'COMPLETED', scoring: { status: 'RUNNING', total: 120, done: 0, budgetUsd: null } }],
  })
  const { run, items } = await followRun(t, id)
  expect(run).toMatchObject({
    status: 'COMPLETED',
    finishedAt: before.finishedAt,
    evaluationsQueued: 0,
    evaluationsRunning: 0,
    rescoring: { status: 'COMPLETED', total: 120, opened: 120 },
  })
  expect(run.seq).toBeGreaterThanOrEqual(before.seq + 120)
  expect(executed).toBe(120)
  for (const { output, scores } of items.values()) {
    expect(scores).toEqual([expect.objectContaining({ name, value: Number(output) % 3 === 0 ? 1 : 0 })])
  }
  const { data } = await t.query(
    `query ($id: ID!, $name: String!) { run(id: $id) {
      status scoring { status total done costUsd } stats { scores { name mean count errorCount missingCount } }
      evaluators { version }
      scoreVersions(name: $name) {
        version isCurrent count errorCount mean difference agreement { value count } evaluator { name }
        differenceInterval { low high }
      }
    } }`,
    { id: encodeGlobalId('Run', id), name },
  )
  expect(data.run).toMatchObject({
    status: 'COMPLETED',
    scoring: { status: 'COMPLETED', total: 120, done: 120, costUsd: 0 },
    stats: { scores: [{ name, mean: 1 / 3, count: 120, errorCount: 0, missingCount: 0 }] },
    evaluators: [{ version: 2 }],
    scoreVersions: [
      { version: 2, isCurrent: true, count: 120, errorCount: 0, mean: 1 / 3, agreement: { value: 1, count: 120 } },
      { version: 1, isCurrent: false, count: 120, mean: 0.5, agreement: { count: 120 }, evaluator: { name } },
    ],
  })
  const [, former] = data.run.scoreVersions
  // Of the numbers 0 to 59, n % 2 and n % 3 === 0 agree on 3, 9, … (10) and on 2, 4, 8, … (20).
  expect(former.agreement.value).toBe(0.5)
  expect(former.difference).toBeCloseTo(1 / 3 - 1 / 2, 12)
  expect(former.differenceInterval.low).toBeLessThan(former.difference)
  // The page of a finished run is another one.
  expect(old).toMatch(/^W\/"/)
  expect(await tag()).not.toBe(old)
})

it('adds a series where none was, to runs of clients, imported and cancelled ones too, whose status stays', async () => {
  const datasetId = await seedDataset(t, [1, 2, 3, 4])
  const outputs = [1, 2, 9].map((output, item) => ({ item, output, scores: { theirs: 0.5 } }))
  const ids: string[] = []
  for (const status of ['COMPLETED', 'CANCELLED', 'STOPPED'] as const) {
    const id = await recordRun(
      t,
      datasetId,
      [...outputs, { item: 3, status: status === 'COMPLETED' ? 'FAILED' : 'CANCELLED' }],
      {
        status,
      },
    )
    ids.push(id)
    const task = { kind: 'client', version: null }
    await t.db.prisma.run.update({
      where: { id },
      data: { task, ...(status === 'STOPPED' && { stopReason: 'BUDGET' }) },
    })
  }
  const { id: evaluatorId, name } = await newEvaluator({ kind: 'builtin', type: 'jsonEquals' }, 'same')
  await rescoreRuns(t.services, t.scope, { runIds: ids, evaluatorIds: [evaluatorId] })
  for (const id of ids) {
    await followRun(t, id)
    expect(await valuesOf(id, name)).toEqual([0, 1, 1])
    expect(await valuesOf(id, 'theirs')).toEqual([0.5, 0.5, 0.5])
    const summary = await t.db.prisma.runScoreSummary.findFirstOrThrow({ where: { runId: id, name } })
    expect(summary).toMatchObject({ count: 3, sum: 2, errorCount: 0 })
  }
  const runs = await Promise.all(ids.map(runOf))
  expect(runs.map(({ status, stopReason }) => [status, stopReason])).toEqual([
    ['COMPLETED', null],
    ['CANCELLED', null],
    ['STOPPED', 'BUDGET'],
  ])
  expect(runs.map(({ cancelled, failed, queued, running }) => [cancelled, failed, queued, running])).toEqual([
    [0, 1, 0, 0],
    [1, 0, 0, 0],
    [1, 0, 0, 0],
  ])
})

it('never mixes versions: what was not scored when it was ended has no score, and another time scores all', async () => {
  const evaluator = await newEvaluator({ kind: 'module', module: 'judge' })
  const id = await finishedRun([0, 1, 2, 3, 4, 5], [evaluator.id], { concurrency: 2 })
  const { name } = evaluator
  const held = Promise.withResolvers<void>()
  judge = (output) => (output < 3 ? output * 10 : held.promise)
  await updateEvaluator(t.services, t.scope, { id: evaluator.id, sampling: 1, direction: 'LOWER_IS_BETTER' })
  await rescoreRuns(t.services, t.scope, { runIds: [id], evaluatorIds: [evaluator.id] })
  const progress = async () => (await runOf(id)).evaluationsRunning
  await expect.poll(progress, { timeout: 10_000 }).toBeGreaterThan(0)
  await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(7)
  // It belongs to whoever is scoring it.
  await expect(resumeRun(t.services, t.scope, id)).rejects.toThrow('The outputs of this run are being scored again.')
  expect(await rescore(id, evaluator.id)).toMatchObject({ code: 'CONFLICT', path: ['input', 'runIds', '0'] })

  const ended = await cancelRescoring(t.services, t.scope, id)
  held.resolve()
  expect(ended).toMatchObject({
    status: 'COMPLETED',
    evaluationsQueued: 0,
    evaluationsRunning: 0,
    rescoring: { status: 'CANCELLED' },
  })
  expect(await t.db.prisma.openEvaluation.count({ where: { runId: id } })).toBe(0)
  const scored = await valuesOf(id, name)
  expect(scored.length).toBeLessThan(6)
  const tenfold = new Set([0, 10, 20])
  expect(scored.filter((value) => !tenfold.has(value as number))).toEqual([])
  const summary = () => t.db.prisma.runScoreSummary.findFirstOrThrow({ where: { runId: id, name } })
  expect(await summary()).toMatchObject({ count: scored.length, direction: 'LOWER_IS_BETTER' })

  judge = (output) => -output
  await rescoreRuns(t.services, t.scope, { runIds: [id], evaluatorIds: [evaluator.id] })
  await followRun(t, id)
  expect(await valuesOf(id, name)).toEqual([-5, -4, -3, -2, -1, 0])
  expect(await summary()).toMatchObject({ count: 6, sum: -15, min: -5, max: 0 })
  expect(executed).toBe(6)
})

it('ends at a budget of its own, which is checked before each evaluation', async () => {
  const evaluator = await newEvaluator({ kind: 'module', module: 'judge' })
  const id = await finishedRun(
    Array.from({ length: 20 }, (_, n) => n),
    [],
  )
  judge = (output) => ({ value: output, costUsd: 0.25 })
  await rescore(id, evaluator.id, { budgetUsd: 1 })
  await followRun(t, id)
  expect(await runOf(id)).toMatchObject({
    status: 'COMPLETED',
    evaluatorCostSum: 1,
    evaluationsQueued: 0,
    evaluationsRunning: 0,
    rescoring: { status: 'STOPPED', opened: 4 },
  })
  expect(asked).toBe(4)
  await t.db.prisma.run.update({ where: { id }, data: { settings: { concurrency: 1, repetitions: 1, budgetUsd: 1 } } })
  expect(await rescore(id, evaluator.id)).toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('The run has spent 1 of its 1 USD'),
  })
})

it('retries an evaluator that fails in a way that may pass, and leaves its error where it does not', async () => {
  const evaluator = await newEvaluator({ kind: 'module', module: 'judge' })
  const id = await finishedRun([0, 1, 2], [])
  const calls = new Map<number, number>()
  judge = (output) => {
    calls.set(output, (calls.get(output) ?? 0) + 1)
    if (output === 2) throw new Error('no verdict')
    if (calls.get(output) === 1)
      throw Object.assign(new Error('slow down'), { status: 429, headers: { 'retry-after': '0.05' } })
    return output
  }
  await rescore(id, evaluator.id)
  const { items } = await followRun(t, id)
  const given = [...items.values()].map(({ output, scores }) => [output, scores?.[0]?.value, scores?.[0]?.error])
  expect(given.sort()).toEqual([
    [0, 0, null],
    [1, 1, null],
    [2, null, expect.objectContaining({ code: 'EVALUATOR_FAILED', message: 'no verdict' })],
  ])
  expect(executed).toBe(3)
})

it('refuses what cannot be scored again, and changes nothing then', async () => {
  const { id: evaluatorId } = await newEvaluator(atMost(1))
  const done = await finishedRun([1], [])
  const datasetId = await seedDataset(t, [1])
  const failed = await recordRun(t, datasetId, [{ item: 0, status: 'FAILED' }])
  const open = await recordRun(t, datasetId, [{ item: 0, status: 'QUEUED' }], { status: 'QUEUED' })
  const input = { evaluatorIds: [evaluatorId] }
  const refused = (runIds: string[], more: object = {}) =>
    rescoreRuns(t.services, t.scope, { runIds, ...input, ...more }).then(
      () => null,
      ({ message, path }) => [message, path],
    )
  expect(await refused([done, failed])).toEqual(['This run has no outputs that could be scored.', ['runIds', '1']])
  expect((await runOf(done)).rescoring).toBeNull()
  expect(await refused([open])).toEqual([
    'Only a finished run can be scored again; this one is QUEUED.',
    ['runIds', '0'],
  ])
  expect(await refused([done, done])).toEqual(['expected each run once, got one twice', ['runIds', '1']])
  expect(await refused([])).toEqual(['expected 1 to 1,000 runs, got 0', ['runIds']])
  expect(await refused([done], { evaluatorIds: [] })).toEqual([
    'expected at least one evaluator, got none',
    ['evaluatorIds'],
  ])
  expect(await refused([done], { evaluatorIds: null })).toEqual([
    'No evaluator is active for the dataset of this run. Name those that are to score it in evaluatorIds.',
    ['runIds', '0'],
  ])
  expect(await refused([done], { budgetUsd: 0 })).toEqual(['expected an amount above 0 USD, got 0', ['budgetUsd']])
  const definition = { kind: 'client', name: 'theirs', version: null }
  const version = { version: 1, definition, dataType: 'NUMERIC', direction: 'NONE' } as const
  const client = await t.db.prisma.evaluator.create({
    data: { projectId: t.scope.projectId, name: 'theirs', versions: { create: version } },
  })
  expect(await refused([done], { evaluatorIds: [client.id] })).toEqual([
    expect.stringMatching(/^expected evaluators that the server has, got ".*", which clients execute/),
    ['evaluatorIds', '0'],
  ])
  expect(await cancelRescoring(t.services, t.scope, done)).toMatchObject({ status: 'COMPLETED', rescoring: null })
  await cancelRun(t.services, t.scope, open)
})
