import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteScore, type SetScoreInput, setScore } from '../../src/engine/scores.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'

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
  t.db.prisma.runScoreSummary.findUniqueOrThrow({
    where: { runId_name: { runId, name } },
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
  await t.db.prisma.runScoreLabel.create({ data: { runId: scored, name: 'judge', label: 'good', count: 2 } })
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

test('each change takes a position in the feed of its run; other authors and sources are other scores', async () => {
  const seq = async () => (await t.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })).seq
  const before = await seq()
  await set({ ordinal: 0, name: 'place', value: 1 })
  await set({ ordinal: 0, name: 'place', value: 2 }, 'bob')
  await set({ ordinal: 0, name: 'place', value: 3, source: 'API' })
  expect(await summaryOf('place')).toMatchObject({ count: 3, sum: 6 })
  expect(await seq()).toBe(before + 3)
  const item = await t.db.prisma.runItem.findUniqueOrThrow({ where: { runId_ordinal: { runId, ordinal: 0 } } })
  expect(item.seq).toBe(before + 3)
  await expect(set({ ordinal: 99, name: 'place', value: 1 })).rejects.toMatchObject({ path: ['target'] })
  expect(await seq()).toBe(before + 3)
})
