import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserError } from '../../src/domain/errors.ts'
import { defaultRunSettings } from '../../src/domain/run.ts'
import type { Scope } from '../../src/domain/scope.ts'
import { createEvaluator, deleteEvaluator } from '../../src/engine/evaluators.ts'
import {
  type CreateExperimentInput,
  createAndStart,
  createExperiment,
  deleteExperiment,
  updateExperiment,
} from '../../src/engine/experiments.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../helpers/engine.ts'
import { testScope } from '../helpers/scope.ts'

let t: TestEngine
let datasetId: string
let elsewhere: Scope

beforeAll(async () => {
  t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
  datasetId = await seedDataset(t, [1, 2, 3])
  const project = await t.db.prisma.project.create({ data: { name: 'elsewhere' } })
  elsewhere = await testScope(t.db, project.id)
})
afterAll(() => t[Symbol.asyncDispose]())

const echo = { kind: 'module', name: 'echo' }
const create = (input: Partial<CreateExperimentInput> = {}, scope = t.scope) =>
  createExperiment(t.services, scope, { name: randomUUID(), datasetId, task: echo, ...input })
const evaluator = async () => {
  const definition = { kind: 'builtin', type: 'exactMatch' }
  return (await createEvaluator(t.services, t.scope, { name: randomUUID(), definition })).id
}
const evaluatorsOf = async (experimentId: string) =>
  (await t.db.prisma.experimentEvaluator.findMany({ where: { experimentId } }))
    .map(({ evaluatorId }) => evaluatorId)
    .sort()

async function refusal(promise: Promise<unknown>): Promise<Pick<UserError, 'code' | 'path' | 'message'>> {
  const outcome = await promise.then(
    () => new Error('it was accepted'),
    (error: UserError) => error,
  )
  if (!('code' in outcome)) throw outcome
  return outcome
}

describe('a new experiment', () => {
  it('has its task and settings with every default filled in', async () => {
    const ids = [await evaluator(), await evaluator()].sort()
    const experiment = await create({
      description: 'tries',
      metadata: { ticket: 7 },
      task: { kind: 'http', url: 'http://localhost:1/x' },
      settings: { concurrency: 3, budgetUsd: 2 },
      evaluatorIds: [...ids, ...ids],
    })
    expect(experiment).toMatchObject({
      projectId: t.scope.projectId,
      datasetId,
      description: 'tries',
      metadata: { ticket: 7 },
      task: {
        kind: 'http',
        url: 'http://localhost:1/x',
        method: 'POST',
        headers: {},
        body: null,
        outputPath: null,
        costPath: null,
        inputTokensPath: null,
        outputTokensPath: null,
      },
      settings: { ...defaultRunSettings, concurrency: 3, budgetUsd: 2 },
    })
    expect(await evaluatorsOf(experiment.id)).toEqual(ids)
  })

  it('may be refused, with the path of the invalid value', async () => {
    const { name } = await create()
    const deleted = await evaluator()
    await deleteEvaluator(t.services, t.scope, deleted)
    const nobody = randomUUID()
    const cases: [Partial<CreateExperimentInput>, string, string[]][] = [
      [{ name }, 'CONFLICT', ['name']],
      [{ name: '' }, 'INVALID_INPUT', ['name']],
      [{ name: ' x' }, 'INVALID_INPUT', ['name']],
      [{ name: 'x'.repeat(201) }, 'INVALID_INPUT', ['name']],
      [{ name: 'a\0b' }, 'INVALID_INPUT', ['name']],
      [{ description: 'a\0b' }, 'INVALID_INPUT', ['description']],
      [{ metadata: { a: '\ud800' } }, 'INVALID_INPUT', ['metadata']],
      [{ datasetId: nobody }, 'NOT_FOUND', ['datasetId']],
      [{ evaluatorIds: [await evaluator(), nobody] }, 'NOT_FOUND', ['evaluatorIds', '1']],
      [{ evaluatorIds: [deleted] }, 'NOT_FOUND', ['evaluatorIds', '0']],
      [{ task: { kind: 'http', url: 'nowhere' } }, 'INVALID_INPUT', ['task', 'http', 'url']],
      [{ task: { kind: 'module', name: 'ecco' } }, 'INVALID_INPUT', ['task', 'module', 'name']],
      [{ settings: { concurrency: 0 } }, 'INVALID_INPUT', ['settings', 'concurrency']],
    ]
    for (const [input, code, path] of cases) {
      expect(await refusal(create(input)), JSON.stringify(input)).toMatchObject({ code, path })
    }
  })

  it('may have a name that another project uses, but not its dataset', async () => {
    const { name } = await create()
    expect(await refusal(create({ name }, elsewhere))).toMatchObject({ code: 'NOT_FOUND' })
  })

  it('is refused to a read-only key', async () => {
    const scope: Scope = { ...t.scope, role: 'READ' }
    expect(await refusal(create({}, scope))).toMatchObject({ code: 'FORBIDDEN' })
  })
})

describe('a changed experiment', () => {
  it('keeps omitted members, merges settings and replaces evaluators', async () => {
    const first = await evaluator()
    const second = await evaluator()
    const before = await create({
      description: 'old',
      settings: { concurrency: 3, budgetUsd: 2 },
      evaluatorIds: [first],
    })
    const settings = { repetitions: 2, budgetUsd: null }
    const after = await updateExperiment(t.services, t.scope, { id: before.id, settings, evaluatorIds: [second] })
    expect(after).toMatchObject({
      name: before.name,
      description: 'old',
      task: before.task,
      settings: { ...defaultRunSettings, concurrency: 3, repetitions: 2 },
    })
    expect(await evaluatorsOf(before.id)).toEqual([second])
  })

  it('clears members that are null', async () => {
    const { id } = await create({ description: 'old', metadata: { a: 1 }, evaluatorIds: [await evaluator()] })
    const cleared = { id, description: null, metadata: null, evaluatorIds: null }
    expect(await updateExperiment(t.services, t.scope, cleared)).toMatchObject({ description: null, metadata: null })
    expect(await evaluatorsOf(id)).toEqual([])
  })

  it('stays as it was when the change is refused', async () => {
    const taken = await create()
    const before = await create({ evaluatorIds: [await evaluator()] })
    const { id } = before
    const changes = { id, name: taken.name, evaluatorIds: [] }
    expect(await refusal(updateExperiment(t.services, t.scope, changes))).toMatchObject({
      code: 'CONFLICT',
      path: ['name'],
    })
    expect(await t.db.prisma.experiment.findUnique({ where: { id } })).toEqual(before)
    expect(await evaluatorsOf(id)).toHaveLength(1)
    expect(await refusal(updateExperiment(t.services, elsewhere, { id, name: 'mine' }))).toMatchObject({
      code: 'NOT_FOUND',
    })
  })
})

describe('a deleted experiment', () => {
  it('is deleted with its finished runs, but not while one is unfinished', async () => {
    const { id } = await create()
    const run = await startRun(t.services, t.scope, { experimentId: id })
    expect(await refusal(deleteExperiment(t.services, t.scope, id))).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('has 1 unfinished run. Cancel'),
    })
    await t.db.prisma.run.update({ where: { id: run.id }, data: { status: 'COMPLETED' } })
    await deleteExperiment(t.services, t.scope, id)
    expect(await t.db.prisma.run.findUnique({ where: { id: run.id } })).toBeNull()
    expect(await refusal(deleteExperiment(t.services, t.scope, id))).toMatchObject({ code: 'NOT_FOUND' })
  })

  it('must be in the same project', async () => {
    const { id } = await create()
    expect(await refusal(deleteExperiment(t.services, elsewhere, id))).toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('an experiment that is created to be started', () => {
  const countExperiments = () => t.db.prisma.experiment.count()

  it('does not exist if its run cannot start, whatever happens then', async () => {
    const before = await countExperiments()
    // Nothing that is undone later: a process could end in between.
    await t.db.pool.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no deletion'; END $$;
       CREATE TRIGGER refuse BEFORE DELETE ON experiment EXECUTE FUNCTION refuse()`,
    )
    const empty = await seedDataset(t, [])
    const started = createAndStart(t.services, t.scope, { name: randomUUID(), datasetId: empty, task: echo })
    expect(await refusal(started)).toMatchObject({ code: 'INVALID_INPUT', path: ['start'] })
    expect(await countExperiments()).toBe(before)
    await t.db.pool.query('DROP TRIGGER refuse ON experiment')
  })

  it('has its evaluators, and so has its run', async () => {
    const evaluatorIds = [await evaluator()]
    const name = randomUUID()
    const { experiment, run } = await createAndStart(t.services, t.scope, { name, datasetId, task: echo, evaluatorIds })
    expect(await evaluatorsOf(experiment.id)).toEqual(evaluatorIds)
    expect(run).toMatchObject({ experimentId: experiment.id, status: 'QUEUED', total: 3 })
    const pinned = await t.db.prisma.runEvaluator.findMany({
      where: { runId: run.id },
      include: { evaluatorVersion: true },
    })
    expect(pinned.map(({ evaluatorVersion }) => evaluatorVersion.evaluatorId)).toEqual(evaluatorIds)
    const again = createAndStart(t.services, t.scope, { name, datasetId, task: echo })
    expect(await refusal(again)).toMatchObject({ code: 'CONFLICT', path: ['name'] })
  })
})
