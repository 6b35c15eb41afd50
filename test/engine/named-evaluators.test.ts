/** Which evaluators score a run: those that it or its experiment names, else all that are active for its dataset. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { transaction } from '../../src/db/client.ts'
import { loadPinnedEvaluators } from '../../src/db/sql/evaluator/pin-evaluators.ts'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { createEvaluator, deleteEvaluator } from '../../src/engine/evaluators.ts'
import { createExperiment, updateExperiment } from '../../src/engine/experiments.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../helpers/engine.ts'

let t: TestEngine
let datasetId: string
const ids = { active: '', here: '', elsewhere: '', idle: '' }

beforeAll(async () => {
  t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
  datasetId = await seedDataset(t, [1])
  const definition = { kind: 'builtin', type: 'exactMatch' }
  const create = async (name: keyof typeof ids, options: { active?: boolean; datasetIds?: string[] } = {}) => {
    ids[name] = (await createEvaluator(t.services, t.scope, { name, definition, ...options })).id
  }
  await create('active')
  await create('here', { datasetIds: [datasetId] })
  await create('elsewhere', { datasetIds: [await seedDataset(t, [1])] })
  await create('idle', { active: false })
})
afterAll(() => t[Symbol.asyncDispose]())

async function experiment(evaluatorIds?: string[] | null): Promise<string> {
  const task = { kind: 'module', name: 'echo' }
  return (await createExperiment(t.services, t.scope, { name: randomUUID(), datasetId, task, evaluatorIds })).id
}

/** The names of the evaluators that a new run is scored by. */
async function scoredBy(experimentId: string, evaluatorIds?: string[] | null): Promise<string[]> {
  const { id } = await startRun(t.services, t.scope, { experimentId, evaluatorIds })
  return (await loadPinnedEvaluators(t.db.pool, id)).map(({ name }) => name)
}

test('without a list, all that are active for the dataset when the run starts', async () => {
  for (const omitted of [undefined, null]) {
    const id = await experiment(omitted)
    expect(await scoredBy(id)).toEqual(['active', 'here'])
    const definition = { kind: 'builtin', type: 'exactMatch' }
    const later = await createEvaluator(t.services, t.scope, { name: 'later', definition })
    expect(await scoredBy(id)).toEqual(['active', 'here', 'later'])
    await deleteEvaluator(t.services, t.scope, later.id)
  }
})

test('with a list exactly those, whether they are active for the dataset or not', async () => {
  const id = await experiment([ids.idle, ids.elsewhere])
  expect(await scoredBy(id)).toEqual(['elsewhere', 'idle'])
  expect(await scoredBy(await experiment([]))).toEqual([])

  const change = (evaluatorIds?: string[] | null) => updateExperiment(t.services, t.scope, { id, evaluatorIds })
  await change([ids.here])
  expect(await scoredBy(id)).toEqual(['here'])
  await change()
  expect(await scoredBy(id)).toEqual(['here'])
  await change(null)
  expect(await scoredBy(id)).toEqual(['active', 'here'])
  await change([])
  expect(await scoredBy(id)).toEqual([])
})

test('a deleted evaluator scores nothing, and does not make a list mean all', async () => {
  const definition = { kind: 'builtin', type: 'exactMatch' }
  const gone = await createEvaluator(t.services, t.scope, { name: 'gone', definition, active: false })
  const id = await experiment([gone.id])
  await deleteEvaluator(t.services, t.scope, gone.id)
  expect(await scoredBy(id)).toEqual([])
})

test('one that does not exist is named as the API names it', async () => {
  const unknown = randomUUID()
  const message = `There is no evaluator ${encodeGlobalId('Evaluator', unknown)} in this project.`
  await expect(experiment([unknown])).rejects.toMatchObject({ message })
})

test('a run may be scored by others than its experiment says', async () => {
  const id = await experiment([ids.here])
  expect(await scoredBy(id, [ids.idle])).toEqual(['idle'])
  expect(await scoredBy(id, [])).toEqual([])
  expect(await scoredBy(id, null)).toEqual(['active', 'here'])
  expect(await scoredBy(id)).toEqual(['here'])
  await expect(scoredBy(id, [ids.idle, randomUUID()])).rejects.toMatchObject({
    code: 'NOT_FOUND',
    path: ['evaluatorIds', '1'],
  })
})

test('a run that waits for a change of its experiment is scored by the evaluators that it then names', async () => {
  const id = await experiment(null)
  const waiting = `SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`
  const scored = await transaction(t.db.pool, async (client) => {
    await client.query('UPDATE experiment SET evaluators_named = true WHERE id = $1', [id])
    await client.query('INSERT INTO experiment_evaluator (experiment_id, evaluator_id) VALUES ($1, $2)', [id, ids.idle])
    const scored = scoredBy(id)
    await expect.poll(async () => (await t.db.pool.query(waiting)).rows).toEqual([{ count: 1 }])
    return { names: scored }
  })
  expect(await scored.names).toEqual(['idle'])
})
