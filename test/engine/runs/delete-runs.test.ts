import { afterAll, beforeAll, expect, test } from 'vitest'
import { approveBaseline, removeBaseline } from '../../../src/engine/comparison/baselines.ts'
import { deleteRun, deleteRuns } from '../../../src/engine/runs/delete-run.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../../helpers/engine.ts'
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
