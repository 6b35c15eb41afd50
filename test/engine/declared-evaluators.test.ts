import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { announceWorker } from '../../src/db/sql/worker/announce-worker.ts'
import type { ModuleEvaluator } from '../../src/domain/execution/modules.ts'
import { applyDeclarations } from '../../src/engine/declared-evaluators.ts'
import { createEvaluator, deleteEvaluator, updateEvaluator } from '../../src/engine/evaluators.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../helpers/engine.ts'
import { inThisProcess } from '../helpers/functions.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

/** A worker starts with a config of these evaluators. */
async function start(...evaluators: Omit<ModuleEvaluator, 'evaluate'>[]): Promise<void> {
  const { registered } = inThisProcess({ evaluators: evaluators.map((one) => ({ ...one, evaluate: () => 1 })) })
  await t.db.prisma.worker.deleteMany()
  const functions = [...registered.evaluators.values()]
  await announceWorker(t.db.pool, { id: randomUUID(), name: 'test', functions, problem: null }, 60)
  await applyDeclarations(t.services, registered)
}

const evaluators = async (projectId = t.scope.projectId) => {
  const found = await t.db.prisma.evaluator.findMany({
    where: { projectId, deletedAt: null },
    include: { current: true, datasets: true },
    orderBy: { name: 'asc' },
  })
  return found.map(({ name, active, version, current, datasets }) => ({
    ...{ name, active, version, dataType: current.dataType, min: current.min, max: current.max },
    datasetIds: datasets.map(({ datasetId }) => datasetId),
  }))
}

test('evaluators that the config declares active exist in every project, once, for the datasets it names', async () => {
  const other = await t.db.prisma.project.create({ data: { name: 'other' } })
  const datasetId = await seedDataset(t, [1])
  await t.db.prisma.dataset.update({ where: { id: datasetId }, data: { name: 'qa' } })
  const config = [
    { name: 'everywhere', active: true, dataType: 'NUMERIC', min: 1, max: 5 },
    { name: 'of qa', active: ['qa', 'not there'] },
    { name: 'by hand' },
  ] as const
  for (let starts = 0; starts < 2; starts += 1) {
    await start(...config)
    const everywhere = {
      name: 'everywhere',
      active: true,
      version: 1,
      dataType: 'NUMERIC',
      min: 1,
      max: 5,
      datasetIds: [],
    }
    expect(await evaluators()).toEqual([
      everywhere,
      { name: 'of qa', active: true, version: 1, dataType: 'NUMERIC', min: null, max: null, datasetIds: [datasetId] },
    ])
    // There is no dataset `qa` in it: an evaluator of none would be one of all.
    expect(await evaluators(other.id)).toEqual([everywhere])
  }
})

test('what somebody has deleted, renamed or switched off stays so', async () => {
  const config = [
    { name: 'unwanted', active: true },
    { name: 'renamed', active: true },
    { name: 'off', active: true },
  ] as const
  await start(...config)
  const ids = new Map(
    (await t.db.prisma.evaluator.findMany({ where: { projectId: t.scope.projectId } })).map(({ id, name }) => [
      name,
      id,
    ]),
  )
  await deleteEvaluator(t.services, t.scope, ids.get('unwanted') ?? '')
  await updateEvaluator(t.services, t.scope, { id: ids.get('renamed') ?? '', name: 'another name' })
  await updateEvaluator(t.services, t.scope, { id: ids.get('off') ?? '', active: false })
  await start(...config)
  const found = await evaluators()
  expect(found.map(({ name }) => name)).toEqual(expect.arrayContaining(['another name', 'off']))
  expect(found.map(({ name }) => name)).not.toEqual(expect.arrayContaining(['unwanted']))
  expect(found.filter(({ name }) => name === 'renamed')).toEqual([])
  expect(found.find(({ name }) => name === 'off')).toMatchObject({ active: false })
})

test('a changed type or range in the config becomes a new version of the evaluator; what it leaves open stays', async () => {
  await start({ name: 'judge', dataType: 'NUMERIC' })
  const definition = { kind: 'module', module: 'judge' }
  await createEvaluator(t.services, t.scope, { name: 'my judge', definition, min: 0, max: 10 })
  const current = async () => (await evaluators()).find(({ name }) => name === 'my judge')
  await start({ name: 'judge', dataType: 'NUMERIC', max: 5 })
  expect(await current()).toMatchObject({ version: 2, dataType: 'NUMERIC', min: 0, max: 5 })
  await start({ name: 'judge', dataType: 'NUMERIC', max: 5 })
  expect(await current()).toMatchObject({ version: 2 })
  await start({ name: 'judge', dataType: 'BOOLEAN' })
  expect(await current()).toMatchObject({ version: 3, dataType: 'BOOLEAN', min: null, max: null })

  // What contradicts a configuration of the score is left to people.
  await setScoreConfig(t.services, t.scope, { name: 'my judge', dataType: 'BOOLEAN', direction: 'HIGHER_IS_BETTER' })
  await start({ name: 'judge', dataType: 'CATEGORICAL' })
  expect(await current()).toMatchObject({ version: 3, dataType: 'BOOLEAN' })
})
