import { afterAll, beforeAll, expect, test } from 'vitest'
import { mean, standardError } from '../../src/domain/statistics/score-figures.ts'
import { compareMetrics } from '../../src/engine/comparison/compare-metrics.ts'
import { openComparison } from '../../src/engine/comparison/comparison.ts'
import { ComparisonSequences } from '../../src/engine/comparison/sequences.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { deleteScore, deleteScores, type SetScoreInput, setScore, setScores } from '../../src/engine/scores.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestEngine
let runId: string

beforeAll(async () => {
  t = await createTestEngine()
  runId = await recordRun(t, await seedDataset(t, ['a', 'b', 'c']), [{ item: 0 }, { item: 1 }, { item: 2 }])
})
afterAll(() => t[Symbol.asyncDispose]())

const set = (score: Pick<SetScoreInput, 'ordinal' | 'name'> & Partial<SetScoreInput>, author = 'ann') =>
  setScore(
    t.services,
    { ...t.scope, person: { ...t.scope.person, name: author } },
    { runId, source: 'HUMAN', ...score },
  )

const remove = ({ runId, id }: { runId: string; id: bigint }) =>
  deleteScore(t.services, t.scope, { runId, id: String(id) })

const summaryOf = (name: string) =>
  t.db.prisma.runScoreSummary.findFirstOrThrow({
    where: { runId, name },
    select: { dataType: true, count: true, sum: true, m2: true, errorCount: true },
  })

async function labelsOf(name: string): Promise<Record<string, number>> {
  const rows = await t.db.prisma.runScoreLabel.findMany({ where: { runId, name } })
  return Object.fromEntries(rows.map(({ label, count }) => [label, count]))
}

test('a replaced category counts for its new label only', async () => {
  await set({ ordinal: 0, name: 'tone', label: 'kind' })
  await set({ ordinal: 1, name: 'tone', label: 'kind' })
  expect(await labelsOf('tone')).toEqual({ kind: 2 })
  const replaced = await set({ ordinal: 0, name: 'tone', label: 'rude' })
  expect(replaced).toMatchObject({ dataType: 'CATEGORICAL', label: 'rude', value: null, author: 'ann' })
  expect(await labelsOf('tone')).toEqual({ kind: 1, rude: 1 })
  expect(await summaryOf('tone')).toMatchObject({ dataType: 'CATEGORICAL', count: 2 })
  await set({ ordinal: 0, name: 'tone', label: 'rude' })
  expect(await labelsOf('tone')).toEqual({ kind: 1, rude: 1 })
})

test('a deleted category no longer counts', async () => {
  const score = await set({ ordinal: 0, name: 'style', label: 'terse' })
  await set({ ordinal: 1, name: 'style', label: 'terse' })
  await remove(score)
  expect(await labelsOf('style')).toEqual({ terse: 1 })
  expect(await summaryOf('style')).toMatchObject({ count: 1 })
  await expect(remove(score)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('scores of evaluators can be deleted, including those of failed evaluators', async () => {
  const scored = await recordRun(t, await seedDataset(t, ['a', 'b', 'c']), [
    { item: 0, scores: { judge: 'good' } },
    { item: 1, scores: { judge: 'good' } },
    { item: 2, scores: { judge: null } },
  ])
  await t.db.prisma.runScoreLabel.create({
    data: { runId: scored, name: 'judge', source: 'EVALUATOR', label: 'good', count: 2 },
  })
  const scores = await t.db.prisma.score.findMany({ where: { runId: scored }, orderBy: { label: 'asc' } })
  for (const score of scores.slice(1)) await remove(score)
  expect(await t.db.prisma.runScoreLabel.findMany({ where: { runId: scored } })).toMatchObject([{ count: 1 }])
  expect(await t.db.prisma.runScoreSummary.findMany({ where: { runId: scored } })).toMatchObject([
    { count: 1, errorCount: 0 },
  ])
})

test('after numbers are set, replaced and deleted, the moments are those of the remaining ones', async () => {
  await set({ ordinal: 0, name: 'length', value: 1 })
  await set({ ordinal: 1, name: 'length', value: 3 })
  const third = await set({ ordinal: 2, name: 'length', value: 10 })
  expect(await summaryOf('length')).toMatchObject({ count: 3, sum: 14, m2: expect.closeTo(134 / 3, 9) })
  await set({ ordinal: 1, name: 'length', value: 5 })
  expect(await summaryOf('length')).toMatchObject({ count: 3, sum: 16, m2: expect.closeTo(122 / 3, 9) })
  await remove(third)
  expect(await summaryOf('length')).toMatchObject({ count: 2, sum: 6, m2: expect.closeTo(8, 9) })
})

test('an item has one value in the mean and the spread, however many of its repetitions are scored', async () => {
  const repeated = await recordRun(
    t,
    await seedDataset(t, ['a', 'b']),
    [0, 1].flatMap((item) => [0, 1].map((repetition) => ({ item, repetition }))),
    { repetitions: 2 },
  )
  const values = [1, 1, 0]
  for (const [ordinal, value] of values.entries()) {
    await setScore(t.services, t.scope, { runId: repeated, ordinal, name: 'liked', source: 'HUMAN', value })
  }
  const summary = await t.db.prisma.runScoreSummary.findFirstOrThrow({ where: { runId: repeated } })
  expect(summary).toMatchObject({ count: 3, items: 2 })
  expect([mean(summary), standardError(summary)]).toEqual([0.5, expect.closeTo(0.5, 12)])
})

test('each change takes a position in the feed of its run; other authors and sources are other scores', async () => {
  const seq = async () => (await t.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })).seq
  const before = await seq()
  await set({ ordinal: 0, name: 'place', value: 1 })
  await set({ ordinal: 0, name: 'place', value: 2 }, 'bob')
  await set({ ordinal: 0, name: 'place', value: 3, source: 'API' })
  const series = await t.db.prisma.runScoreSummary.findMany({
    where: { runId, name: 'place' },
    orderBy: { source: 'asc' },
  })
  expect(series).toMatchObject([
    { source: 'HUMAN', count: 1, scoreCount: 2, sum: 1.5 },
    { source: 'API', count: 1, scoreCount: 1, sum: 3 },
  ])
  expect(await seq()).toBe(before + 3)
  const item = await t.db.prisma.runItem.findUniqueOrThrow({ where: { runId_ordinal: { runId, ordinal: 0 } } })
  expect(item.seq).toBe(before + 3)
  await expect(set({ ordinal: 99, name: 'place', value: 1 })).rejects.toMatchObject({ path: ['target'] })
  expect(await seq()).toBe(before + 3)
})

/** Everything that many scores change at once must equal what as many single ones change. */
async function stateOf(id: string) {
  const { prisma } = t.db
  const [run, items, scores, summaries, labels] = await Promise.all([
    prisma.run.findUniqueOrThrow({ where: { id }, select: { seq: true } }),
    prisma.runItem.findMany({
      where: { runId: id },
      orderBy: { ordinal: 'asc' },
      select: { ordinal: true, seq: true },
    }),
    prisma.score.findMany({
      where: { runId: id },
      orderBy: [{ name: 'asc' }, { ordinal: 'asc' }, { author: 'asc' }],
      omit: { id: true, runId: true, createdAt: true },
    }),
    prisma.runScoreSummary.findMany({
      where: { runId: id },
      orderBy: [{ name: 'asc' }, { source: 'asc' }],
      omit: { runId: true },
    }),
    prisma.runScoreLabel.findMany({
      where: { runId: id, count: { not: 0 } },
      orderBy: [{ name: 'asc' }, { label: 'asc' }],
      omit: { runId: true },
    }),
  ])
  return { seq: run.seq, items, scores, summaries, labels }
}

const threeItems = async () =>
  recordRun(t, await seedDataset(t, ['a', 'b', 'c']), [{ item: 0 }, { item: 1 }, { item: 2 }])

const given = (id: string): SetScoreInput[] => [
  { runId: id, ordinal: 0, name: 'tone', label: 'kind', source: 'HUMAN', comment: 'why', metadata: { n: [1, null] } },
  { runId: id, ordinal: 1, name: 'length', value: 3, source: 'HUMAN' },
  { runId: id, ordinal: 2, name: 'length', value: 1e-7, source: 'API' },
  { runId: id, ordinal: null, name: 'verdict', label: 'ship it', source: 'HUMAN' },
]

test('several scores set and deleted at once, of several runs, leave what as many single calls leave', async () => {
  const [one, two, single] = [await threeItems(), await threeItems(), await threeItems()]
  const scope = { ...t.scope, person: { ...t.scope.person, name: 'ann' } }
  const replaced = (id: string): SetScoreInput[] => [
    { runId: id, ordinal: 0, name: 'tone', label: 'rude', source: 'HUMAN' },
    { runId: id, ordinal: 1, name: 'length', value: 5, source: 'HUMAN' },
    { runId: id, ordinal: null, name: 'verdict', label: 'wait', source: 'HUMAN' },
  ]
  await setScores(t.services, scope, [...given(one), ...given(two)])
  const set = await setScores(t.services, scope, [...replaced(two), ...replaced(one)])
  expect(set.map(({ runId, name, label, value }) => [runId, name, label ?? value])).toEqual(
    [two, one].flatMap((id) => [
      [id, 'tone', 'rude'],
      [id, 'length', 5],
      [id, 'verdict', 'wait'],
    ]),
  )
  for (const score of [...given(single), ...replaced(single)]) await setScore(t.services, scope, score)
  const positions = ({ seq, items }: Awaited<ReturnType<typeof stateOf>>) =>
    items.every((item) => item.seq <= seq) && new Set(items.map((item) => item.seq)).size === items.length
  const written = ({ scores, summaries, labels }: Awaited<ReturnType<typeof stateOf>>) => ({
    scores,
    summaries,
    labels,
  })
  for (const id of [one, two]) {
    expect(written(await stateOf(id))).toEqual(written(await stateOf(single)))
    expect(positions(await stateOf(id))).toBe(true)
  }

  const keys = async (runId: string) => {
    const scores = await t.db.prisma.score.findMany({ where: { runId, name: { not: 'verdict' } } })
    return scores.map(({ id }) => ({ runId, id: String(id) }))
  }
  await deleteScores(t.services, scope, [...(await keys(one)), ...(await keys(two))])
  for (const key of await keys(single)) await deleteScore(t.services, scope, key)
  const after = await stateOf(one)
  expect(written(after)).toEqual(written(await stateOf(single)))
  expect(after.summaries).toEqual([])
})

test('a thousand scores need no more statements than two', async () => {
  const inputs = Array.from({ length: 1_000 }, (_, n) => n)
  const large = await recordRun(
    t,
    await seedDataset(t, inputs),
    inputs.map((item) => ({ item })),
  )
  const score = (ordinal: number) =>
    ({ runId: large, ordinal, name: 'length', value: ordinal, source: 'HUMAN' }) as const
  await setScore(t.services, t.scope, score(0))
  const [two, ofTwo] = await recordStatements(() => setScores(t.services, t.scope, [score(0), score(1)]))
  const [all, ofAll] = await recordStatements(() => setScores(t.services, t.scope, inputs.map(score)))
  expect([two.length, all.length, ofAll.length]).toEqual([2, 1_000, ofTwo.length])
  const keys = all.map(({ id }) => ({ runId: large, id: String(id) }))
  const [, ofDeletion] = await recordStatements(() => deleteScores(t.services, t.scope, keys.slice(500)))
  expect(ofDeletion.length).toBeLessThan(15)
  expect(await t.db.prisma.runScoreSummary.findMany({ where: { runId: large } })).toMatchObject([
    { count: 500, sum: (499 * 500) / 2 },
  ])
  await expect(setScores(t.services, t.scope, [...inputs, 0].map(score))).rejects.toMatchObject({ path: ['scores'] })
})

test('one refused score refuses all, and the error lists every one', async () => {
  const id = await threeItems()
  const before = await stateOf(id)
  const scores = [...given(id), { runId: id, ordinal: 0, name: '', value: 1, source: 'HUMAN' as const }]
  const worse = [...scores, { runId: id, ordinal: 1, name: 'n'.repeat(201), value: 4, source: 'HUMAN' as const }]
  await expect(setScores(t.services, t.scope, worse)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    path: ['scores', '4', 'name'],
    message: expect.stringMatching(/\nAlso refused:\nscores\.5\.name: /),
  })
  const twice = [...given(id), { runId: id, ordinal: 1, name: 'length', value: 4, source: 'HUMAN' as const }]
  await expect(setScores(t.services, t.scope, twice)).rejects.toMatchObject({ path: ['scores', '4', 'name'] })
  const nowhere = [...given(id), { runId: id, ordinal: 9, name: 'x', value: 1, source: 'HUMAN' as const }]
  await expect(setScores(t.services, t.scope, nowhere)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    path: ['scores', '4', 'target'],
  })
  const score = await setScore(t.services, t.scope, { runId, ordinal: 0, name: 'kept', value: 1, source: 'HUMAN' })
  const keys = [String(score.id), '0'].map((id) => ({ runId, id }))
  await expect(deleteScores(t.services, t.scope, keys)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    path: ['ids', '1'],
  })
  expect(await t.db.prisma.score.count({ where: { id: score.id } })).toBe(1)
  expect(await stateOf(id)).toEqual(before)
})

test('scores of people follow their configuration, and a run those that it pinned', async () => {
  const name = 'harm'
  const rules = { name, dataType: 'NUMERIC', min: 0, max: 1 } as const
  await setScoreConfig(t.services, t.scope, { ...rules, direction: 'LOWER_IS_BETTER' })
  const items = Array.from({ length: 40 }, (_, item) => ({ item }))
  const datasetId = await seedDataset(
    t,
    items.map(({ item }) => item),
  )
  const [baselineId, candidateId] = [await recordRun(t, datasetId, items), await recordRun(t, datasetId, items)]
  const harm = (runId: string, value: number) =>
    setScores(
      t.services,
      t.scope,
      items.map(({ item }) => ({ runId, ordinal: item, name, source: 'HUMAN', value: value + item / 1_000 })),
    )
  await harm(baselineId, 0.2)
  await harm(candidateId, 0.7)
  await expect(set({ ordinal: 0, name, value: 1.5 })).rejects.toMatchObject({ path: ['value'] })
  const compared = async () => {
    const comparison = await openComparison(t.db, t.scope, { baselineId, candidateIds: [candidateId] })
    const found = await compareMetrics(t.db, new ComparisonSequences(t.db), comparison)
    return found.find(({ metric }) => metric.kind === 'SCORE')
  }
  const worse = { direction: 'LOWER_IS_BETTER', verdict: 'REGRESSED', sequence: expect.anything() }
  expect(await compared()).toMatchObject(worse)
  await setScoreConfig(t.services, t.scope, { ...rules, max: null, direction: 'HIGHER_IS_BETTER' })
  expect(await compared()).toMatchObject(worse)
})
