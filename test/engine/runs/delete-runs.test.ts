import { pino } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { deleteLeftRows } from '../../../src/db/sql/run/delete-run.ts'
import { loadRunItems } from '../../../src/db/sql/run-item/load-run-items.ts'
import { approveBaseline, removeBaseline } from '../../../src/engine/comparison/baselines.ts'
import { deleteDataset } from '../../../src/engine/datasets/datasets.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { setRetention } from '../../../src/engine/projects/retention.ts'
import { deleteRun, deleteRuns } from '../../../src/engine/runs/delete-run.ts'
import { DeletedRunPruning } from '../../../src/engine/runs/deleted-run-pruning.ts'
import { retryFailedScores } from '../../../src/engine/runs/reopen-run.ts'
import { Retention } from '../../../src/engine/runs/retention.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../../helpers/engine.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { recordStatements } from '../../helpers/statements.ts'

let t: TestEngine
let datasetId: string
beforeAll(async () => {
  t = await createTestEngine()
  datasetId = await seedDataset(t, [1, 2])
})
afterAll(() => t[Symbol.asyncDispose]())

const run = (status: 'COMPLETED' | 'RUNNING' = 'COMPLETED') =>
  recordRun(t, datasetId, [{ item: 0, scores: { ok: true } }], { status })
const left = (ids: string[]) => t.db.prisma.run.count({ where: { id: { in: ids } } })

test('several runs are deleted with everything of theirs, in as many statements as one, each as an event', async () => {
  const [one, ...others] = await Promise.all(Array.from({ length: 20 }, () => run()))
  const [, ofOne] = await recordStatements(() => deleteRuns(t.services, t.scope, [one as string]))
  const [, ofMany] = await recordStatements(() => deleteRuns(t.services, t.scope, others))
  expect(ofMany.length).toBe(ofOne.length)
  expect(await left(others)).toBe(0)
  const { rows } = await t.db.pool.query(
    'SELECT count(DISTINCT run_id)::int AS runs FROM run_event WHERE run_id = ANY ($1)',
    [others],
  )
  expect(rows).toEqual([{ runs: others.length }])
})

test('an unfinished or unknown run refuses all, and the error lists every one', async () => {
  const ids = [await run(), await run('RUNNING'), await run(), await run('RUNNING')]
  await expect(deleteRuns(t.services, t.scope, ids)).rejects.toMatchObject({
    code: 'CONFLICT',
    path: ['ids', '1'],
    message: expect.stringMatching(
      /this one is RUNNING\. Cancel it first\.\nAlso refused:\nids\.3: Only a finished run/,
    ),
  })
  const unknown = '00000000-0000-4000-8000-000000000000'
  await expect(deleteRuns(t.services, t.scope, [...ids, unknown])).rejects.toMatchObject({
    code: 'NOT_FOUND',
    path: ['ids', '4'],
  })
  expect(await left(ids)).toBe(4)
  const tooMany = Array.from({ length: 1_001 }, () => unknown)
  await expect(deleteRuns(t.services, t.scope, tooMany)).rejects.toMatchObject({ code: 'INVALID_INPUT', path: ['ids'] })
  await expect(deleteRuns(t.services, { ...t.scope, role: 'READ' }, ids)).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('the approved baseline is not deleted: every gate of its dataset compares with it', async () => {
  const [baseline, other] = [await run(), await run()]
  await approveBaseline(t.services, t.scope, baseline)
  const refused = { code: 'CONFLICT', message: expect.stringContaining('the approved baseline of its dataset') }
  await expect(deleteRun(t.services, t.scope, baseline)).rejects.toMatchObject({ ...refused, path: ['id'] })
  await expect(deleteRuns(t.services, t.scope, [other, baseline])).rejects.toMatchObject({
    ...refused,
    path: ['ids', '1'],
  })
  expect(await left([baseline, other])).toBe(2)
  await removeBaseline(t.services, t.scope, datasetId)
  await deleteRuns(t.services, t.scope, [other, baseline])
  expect(await left([baseline, other])).toBe(0)
})

test('what deleted runs leave cannot be read, and is deleted in the background in batches, without what others have', async () => {
  const executions = Array.from({ length: 5 }, (_, item) => ({ item, scores: { ok: true } }))
  const dataset = await seedDataset(t, [1, 2, 3, 4, 5])
  const [kept, deleted, ofDataset] = [
    await recordRun(t, datasetId, executions.slice(0, 2)),
    await recordRun(t, datasetId, executions.slice(0, 2)),
    await recordRun(t, dataset, executions),
  ]
  await drained()
  await deleteRun(t.services, t.scope, deleted)
  await deleteDataset(t.services, t.scope, dataset)
  expect(await rows([deleted, ofDataset])).toEqual({ items: 7, scores: 7 })
  for (const runId of [deleted, ofDataset]) {
    expect(await loadRunItems(t.db.pool, t.scope.projectId, [{ runId, ordinal: 0 }])).toEqual([])
  }
  const batches: number[] = []
  do batches.push(await deleteLeftRows(t.db.pool, 4))
  while (batches.at(-1) === 4)
  expect(batches).toEqual([4, 4, 4, 2])
  expect(await rows([deleted, ofDataset])).toEqual({ items: 0, scores: 0 })
  expect(await rows([kept])).toEqual({ items: 2, scores: 2 })
  expect(await t.db.prisma.deletedRun.count()).toBe(0)
})

test('a server deletes what deleted runs leave, soon and for as long as there is any', async () => {
  const id = await run()
  await drained()
  await deleteRun(t.services, t.scope, id)
  const clock = new FakeClock()
  const pruning = new DeletedRunPruning({ db: t.db, log: pino({ level: 'silent' }), clock })
  await clock.next()
  await expect.poll(() => clock.timers).toEqual([10_000])
  await pruning.stop()
  expect(await rows([id])).toEqual({ items: 0, scores: 0 })
})

const newYear = new Date('2027-01-01T00:00:00Z')
const daysBefore = (days: number) => new Date(newYear.getTime() - days * 86_400_000)

/** Runs of one experiment that ended so many days before the new year, in that order. */
async function nightly(days: number[], options: Parameters<typeof recordRun>[3] = {}): Promise<string[]> {
  const ids: string[] = []
  let experimentId: string | undefined
  for (const day of days) {
    const executions = [0, 1].map((item) => ({
      item,
      output: `output ${item}`,
      scores: { ok: item === 1 ? null : true },
    }))
    const id = await recordRun(t, datasetId, executions, options)
    const run = await t.db.prisma.run.findUniqueOrThrow({ where: { id } })
    experimentId ??= run.experimentId
    const finishedAt = options.status === 'RUNNING' ? null : daysBefore(day)
    await t.db.prisma.run.update({ where: { id }, data: { experimentId, createdAt: daysBefore(day), finishedAt } })
    ids.push(id)
  }
  return ids
}

/** Lets a server apply the rules in the new year, until nothing is left to do. */
async function retain(): Promise<void> {
  const clock = new FakeClock()
  const log = pino({ level: 'silent' })
  const retention = new Retention({ db: t.db, log, clock, now: () => newYear, outputsPerBatch: 1 })
  do {
    await clock.next()
    await vi.waitFor(() => expect(clock.timers).toHaveLength(1))
  } while (clock.timers[0] !== 3_600_000)
  await retention.stop()
}

test('the newest finished runs of each experiment are kept, with baselines and what is being executed', async () => {
  await t.db.prisma.run.deleteMany()
  const runs = await nightly([9, 8, 7, 6, 5])
  const [executing] = await nightly([99], { status: 'RUNNING' })
  const [compared, ...others] = await nightly([40, 30, 20])
  await approveBaseline(t.services, t.scope, runs[1] as string)
  const earlyStop = { baselineId: compared, metric: { kind: 'FAILED' }, margin: 0 }
  await t.db.prisma.run.update({ where: { id: executing as string }, data: { earlyStop } })
  const [reviewed, rescored, referred, ...newest] = await nightly([60, 50, 45, 20, 10])
  const queue = { name: 'odd ones', selection: {}, scores: ['ok'], seed: 's', itemCount: 1 }
  await t.db.prisma.reviewQueue.create({ data: { ...queue, projectId: t.scope.projectId, runId: reviewed as string } })
  await t.db.prisma.run.update({ where: { id: rescored }, data: { rescoring: { status: 'RUNNING' } } })
  const definition = { kind: 'builtin', type: 'exactMatch' }
  await createEvaluator(t.services, t.scope, { name: 'better', definition })
  await t.db.prisma.evaluatorVersion.updateMany({ data: { definition: { kind: 'pairwise', baselineId: referred } } })
  await retain()
  expect(await t.db.prisma.run.count()).toBe(14)

  await setRetention(t.db, t.scope, { keepRuns: 2 })
  await retain()
  const kept = await t.db.prisma.run.findMany({ select: { id: true } })
  expect(kept.map(({ id }) => id).sort()).toEqual(
    [runs[1], runs[3], runs[4], executing, compared, ...others, reviewed, rescored, referred, ...newest].sort(),
  )
  await removeBaseline(t.services, t.scope, datasetId)
  await t.db.prisma.run.update({ where: { id: executing as string }, data: { status: 'COMPLETED' } })
  await retain()
  expect(await left([...runs, compared as string])).toBe(2)
  expect(await left(others)).toBe(2)
  await t.db.prisma.reviewQueue.updateMany({ data: { closedAt: newYear } })
  await t.db.prisma.run.update({ where: { id: rescored }, data: { rescoring: { status: 'COMPLETED' } } })
  await t.db.prisma.evaluator.updateMany({ data: { deletedAt: newYear } })
  await retain()
  expect(await left([reviewed as string, rescored as string, referred as string])).toBe(0)
  expect(await left(newest)).toBe(2)
})

test('outputs are removed when they are old, while scores and figures stay, and are not scored again', async () => {
  const [old, baseline, young] = await nightly([30, 31, 29])
  await approveBaseline(t.services, t.scope, baseline as string)
  const outputs = async (runId: string | undefined) =>
    (await t.db.prisma.runItem.findMany({ where: { runId }, orderBy: { ordinal: 'asc' } })).map(({ output }) => output)
  const before = await t.db.prisma.run.findUniqueOrThrow({ where: { id: old } })
  await setRetention(t.db, t.scope, { keepOutputDays: 30 })
  await retain()
  expect(await outputs(old)).toEqual([null, null])
  for (const id of [young, baseline]) expect((await outputs(id)).sort()).toEqual(['output 0', 'output 1'])
  expect(await rows([old as string])).toEqual({ items: 2, scores: 2 })
  const after = await t.db.prisma.run.findUniqueOrThrow({ where: { id: old } })
  // Readers of its feed and kept answers see that it has changed.
  expect(after).toEqual({ ...before, seq: before.seq + 2, outputsRemovedAt: newYear, outputsRemovedTo: 2 })
  const [item] = await loadRunItems(t.db.pool, t.scope.projectId, [{ runId: old as string, ordinal: 0 }])
  expect(item).toMatchObject({ status: 'SUCCEEDED', output: null, outputBytes: null, seq: before.seq + 1 })
  await expect(retryFailedScores(t.services, t.scope, old as string)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('were removed by the retention rules'),
  })
  await retain()
  expect(await t.db.prisma.run.findUniqueOrThrow({ where: { id: old } })).toEqual(after)

  await t.db.prisma.runItem.update({
    where: { runId_ordinal: { runId: old as string, ordinal: 1 } },
    data: { output: 'of a retry', outputBytes: null },
  })
  await t.db.prisma.run.update({ where: { id: old }, data: { outputsRemovedAt: daysBefore(32) } })
  await retain()
  expect(await outputs(old)).toEqual([null, null])
})

test('rules are numbers in their ranges, of an ADMIN, and replace the former ones', async () => {
  await setRetention(t.db, t.scope, { keepRuns: 3 })
  expect(await setRetention(t.db, t.scope, { keepOutputDays: 7 })).toMatchObject({ keepRuns: null, keepOutputDays: 7 })
  for (const rules of [{ keepRuns: 0 }, { keepOutputDays: 36_501 }, { keepRuns: 1.5 }]) {
    await expect(setRetention(t.db, t.scope, rules)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      path: Object.keys(rules),
    })
  }
  await expect(setRetention(t.db, { ...t.scope, role: 'WRITE' }, {})).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await setRetention(t.db, t.scope, {})
})

async function drained(): Promise<void> {
  while ((await deleteLeftRows(t.db.pool, 1_000)) === 1_000);
}

async function rows(runIds: string[]) {
  const where = { runId: { in: runIds } }
  return { items: await t.db.prisma.runItem.count({ where }), scores: await t.db.prisma.score.count({ where }) }
}
