import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { announceWorker, withdrawWorker } from '../../src/db/sql/worker/announce-worker.ts'
import { listWorkers } from '../../src/db/sql/worker/list-workers.ts'
import type { UserError } from '../../src/domain/errors.ts'
import type { Scope } from '../../src/domain/scope.ts'
import {
  type CreateEvaluatorInput,
  type CurrentEvaluator,
  createEvaluator,
  deleteEvaluator,
  restoreEvaluator,
  type UpdateEvaluatorInput,
  updateEvaluator,
} from '../../src/engine/evaluators.ts'
import { previewEvaluator } from '../../src/engine/preview-evaluator.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../helpers/engine.ts'
import { testScope } from '../helpers/scope.ts'

let t: TestEngine
let datasetId: string
let elsewhere: Scope

beforeAll(async () => {
  t = await createTestEngine({
    evaluators: [
      { name: 'tone', dataType: 'CATEGORICAL', direction: 'NONE', evaluate: () => 'kind' },
      { name: 'broken', evaluate: () => Promise.reject(new Error('out of order')) },
    ],
  })
  datasetId = await seedDataset(t, [1])
  const project = await t.db.prisma.project.create({ data: { name: 'elsewhere' } })
  elsewhere = await testScope(t.db, project.id)
})
afterAll(() => t[Symbol.asyncDispose]())

const exact = { kind: 'builtin', type: 'exactMatch' }
const withVersion = ({ current, ...evaluator }: CurrentEvaluator) => ({ ...current, ...evaluator })
const create = async (input: Partial<CreateEvaluatorInput> = {}, scope = t.scope) =>
  withVersion(await createEvaluator(t.services, scope, { name: randomUUID(), definition: exact, ...input }))
const update = async (input: UpdateEvaluatorInput, scope = t.scope) =>
  withVersion(await updateEvaluator(t.services, scope, input))
const versionsOf = (evaluatorId: string) =>
  t.db.prisma.evaluatorVersion.findMany({ where: { evaluatorId }, orderBy: { version: 'asc' } })
const datasetsOf = async (evaluatorId: string) =>
  (await t.db.prisma.evaluatorDataset.findMany({ where: { evaluatorId } })).map((row) => row.datasetId)

async function refusal(promise: Promise<unknown>): Promise<Pick<UserError, 'code' | 'path' | 'message'>> {
  const outcome = await promise.then(
    () => new Error('it was accepted'),
    (error: UserError) => error,
  )
  if (!('code' in outcome)) throw outcome
  return outcome
}

describe('a new evaluator', () => {
  it('is active at version 1, with every default filled in', async () => {
    const evaluator = await create({ datasetIds: [datasetId] })
    expect(evaluator).toMatchObject({
      version: 1,
      active: true,
      definition: { ...exact, ignoreCase: false, normalizeWhitespace: false, outputPath: null, expectedPath: null },
      dataType: 'BOOLEAN',
      direction: 'HIGHER_IS_BETTER',
      sampling: 1,
      deletedAt: null,
    })
    expect(await datasetsOf(evaluator.id)).toEqual([datasetId])
  })

  it('takes type and direction of a module from its declaration, and no other', async () => {
    const definition = { kind: 'module', module: 'tone' }
    expect(await create({ definition })).toMatchObject({ dataType: 'CATEGORICAL', direction: 'NONE' })
    await expect(create({ definition, dataType: 'TEXT' })).rejects.toMatchObject({
      message: 'dataType: expected "CATEGORICAL" for "tone" of assay.config.ts, got "TEXT".',
      path: ['dataType'],
    })
  })

  it('may be refused, with the path of the invalid value', async () => {
    const { name } = await create()
    const cases: [Partial<CreateEvaluatorInput>, string, string[]][] = [
      [{ name }, 'CONFLICT', ['name']],
      [{ name: '\n' }, 'INVALID_INPUT', ['name']],
      [{ sampling: 0 }, 'INVALID_INPUT', ['sampling']],
      [{ sampling: 1.1 }, 'INVALID_INPUT', ['sampling']],
      [{ timeoutMs: 0 }, 'INVALID_INPUT', ['timeoutMs']],
      [{ timeoutMs: 3_600_001 }, 'INVALID_INPUT', ['timeoutMs']],
      [{ maxAttempts: 21 }, 'INVALID_INPUT', ['maxAttempts']],
      [{ dataType: 'NUMERIC' }, 'INVALID_INPUT', ['dataType']],
      [{ datasetIds: [datasetId, randomUUID()] }, 'NOT_FOUND', ['datasetIds', '1']],
      [{ definition: { kind: 'module', module: 'x' } }, 'INVALID_INPUT', ['definition', 'module', 'name']],
      [
        { definition: { kind: 'builtin', type: 'regex', pattern: '(?=x)' } },
        'INVALID_INPUT',
        ['definition', 'builtin', 'regex', 'pattern'],
      ],
    ]
    for (const [input, code, path] of cases) {
      expect(await refusal(create(input)), JSON.stringify(input)).toMatchObject({ code, path })
    }
    expect(await refusal(create({ datasetIds: [datasetId] }, elsewhere))).toMatchObject({ code: 'NOT_FOUND' })
    expect(await refusal(create({}, { ...t.scope, role: 'READ' }))).toMatchObject({ code: 'FORBIDDEN' })
    expect(await create({ name }, elsewhere)).toMatchObject({ name })
  })
})

describe('a changed evaluator', () => {
  it('gets a new version for what decides its scores, and keeps the old one', async () => {
    const { id } = await create()
    const definition = { ...exact, ignoreCase: true }
    expect(await update({ id, definition })).toMatchObject({ version: 2, definition: { ignoreCase: true } })
    expect(await update({ id, sampling: 0.5 })).toMatchObject({
      version: 3,
      sampling: 0.5,
      definition: { ignoreCase: true },
    })
    expect(await update({ id, direction: 'NONE' })).toMatchObject({ version: 4, sampling: 0.5, direction: 'NONE' })
    const limits = { timeoutMs: 120_000, maxAttempts: 5 }
    expect(await update({ id, ...limits })).toMatchObject({ version: 4, ...limits })
    const versions = await versionsOf(id)
    expect(versions.map(({ version, sampling, direction }) => [version, sampling, direction])).toEqual([
      [1, 1, 'HIGHER_IS_BETTER'],
      [2, 1, 'HIGHER_IS_BETTER'],
      [3, 0.5, 'HIGHER_IS_BETTER'],
      [4, 0.5, 'NONE'],
    ])
    expect(versions[0]?.definition).toMatchObject({ ignoreCase: false })
  })

  it('cannot be at a version that it does not have', async () => {
    const { id } = await create()
    await expect(t.db.prisma.evaluator.update({ where: { id }, data: { version: 2 } })).rejects.toThrow(
      /evaluator_id_version_fkey/,
    )
  })

  it('keeps its version when none of that changes', async () => {
    const before = await create({ datasetIds: [datasetId], description: 'old' })
    const { id } = before
    const after = await update({
      id,
      name: randomUUID(),
      description: null,
      active: false,
      definition: exact,
      datasetIds: null,
    })
    expect(after).toMatchObject({ version: 1, description: null, active: false, definition: before.definition })
    expect(after.name).not.toBe(before.name)
    expect(await datasetsOf(id)).toEqual([])
    expect(await versionsOf(id)).toHaveLength(1)
  })

  it('takes type and direction of a definition of another kind', async () => {
    const { id } = await create()
    expect(await update({ id, definition: { kind: 'builtin', type: 'levenshtein' } })).toMatchObject({
      version: 2,
      dataType: 'NUMERIC',
    })
  })

  it('counts its versions correctly under concurrent changes', async () => {
    const { id } = await create()
    await Promise.all([0.1, 0.2, 0.3, 0.4].map((sampling) => update({ id, sampling })))
    expect((await versionsOf(id)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5])
  })

  it('stays as it was when the change is refused', async () => {
    const taken = await create()
    const { id } = await create()
    const conflict = update({ id, name: taken.name, sampling: 0.5 })
    expect(await refusal(conflict)).toMatchObject({ code: 'CONFLICT', path: ['name'] })
    expect(await versionsOf(id)).toHaveLength(1)
    expect(await refusal(update({ id, active: false }, elsewhere))).toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a deleted evaluator', () => {
  it('frees its name and keeps its versions', async () => {
    const { id, name } = await create()
    expect(await refusal(deleteEvaluator(t.services, elsewhere, id))).toMatchObject({ code: 'NOT_FOUND' })
    await deleteEvaluator(t.services, t.scope, id)
    expect(await versionsOf(id)).toHaveLength(1)
    expect(await create({ name })).toMatchObject({ name, version: 1 })
    expect(await refusal(deleteEvaluator(t.services, t.scope, id))).toMatchObject({ code: 'NOT_FOUND' })
    expect(await refusal(update({ id, active: true }))).toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a restored evaluator', () => {
  it('has its versions and datasets, and is not active', async () => {
    const { id } = await create({ datasetIds: [datasetId] })
    await update({ id, sampling: 0.5 })
    await deleteEvaluator(t.services, t.scope, id)
    expect(await restoreEvaluator(t.services, t.scope, id)).toMatchObject({
      deletedAt: null,
      active: false,
      version: 2,
    })
    expect(await datasetsOf(id)).toEqual([datasetId])
    expect(await versionsOf(id)).toHaveLength(2)
    expect(await update({ id, active: true })).toMatchObject({ active: true, version: 2 })
    // It is not archived: nothing happens to it.
    expect(await restoreEvaluator(t.services, t.scope, id)).toMatchObject({ active: true })
  })

  it('does not take a name from another one, nor contradicts what is configured of it', async () => {
    const { id, name } = await create()
    await deleteEvaluator(t.services, t.scope, id)
    const other = await create({ name })
    expect(await refusal(restoreEvaluator(t.services, t.scope, id))).toMatchObject({ code: 'CONFLICT', path: ['name'] })
    await deleteEvaluator(t.services, t.scope, other.id)
    await setScoreConfig(t.services, t.scope, { name, dataType: 'NUMERIC', direction: 'LOWER_IS_BETTER' })
    expect(await refusal(restoreEvaluator(t.services, t.scope, id))).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await refusal(restoreEvaluator(t.services, elsewhere, id))).toMatchObject({ code: 'NOT_FOUND' })
    expect(await t.db.prisma.evaluator.count({ where: { name, deletedAt: null } })).toBe(0)
  })
})

describe('a preview', () => {
  const preview = (input: Parameters<typeof previewEvaluator>[2], scope = t.scope) =>
    previewEvaluator(t.services, scope, input)
  const score = { value: null, label: null, comment: null, metadata: null, costUsd: null }

  it('with a function needs a worker, and says so', async () => {
    const { id } = await create({ definition: { kind: 'module', module: 'tone' } })
    const [announced] = await listWorkers(t.db.pool)
    if (!announced) throw new Error('expected the functions of this test')
    await withdrawWorker(t.db.pool, announced.id)
    const noWorker = 'no worker is running (start `assay worker`, or `assay serve` without --no-worker)'
    expect(await preview({ id, output: 1 })).toEqual({
      evaluations: [],
      error: { code: 'MODULE_NOT_FOUND', message: `A preview needs a worker, and ${noWorker}.`, retryable: false },
    })
    expect(await refusal(preview({ definition: { kind: 'module', module: 'tone' }, output: 1 }))).toMatchObject({
      message: `definition.module.name: expected a function that a worker has, but ${noWorker}, got "tone".`,
    })
    const broken = { ...announced, functions: [], problem: 'assay.config.ts:3: boom' }
    await announceWorker(t.db.pool, broken, 3_600)
    expect((await preview({ id, output: 1 })).error?.message).toBe(
      'The assay.config.ts of no worker has an evaluator "tone". assay.config.ts:3: boom',
    )
    await announceWorker(t.db.pool, announced, 3_600)
  })

  it('scores with a definition, or with the current version of an evaluator', async () => {
    const worker = await t.startWorker()
    const { id, name } = await create({ definition: { ...exact, ignoreCase: true } })
    expect(await preview({ id, output: 'A', expectedOutput: 'a' })).toEqual({
      evaluations: [{ ...score, name, dataType: 'BOOLEAN', value: 1 }],
      error: null,
    })
    expect(await preview({ definition: { kind: 'module', module: 'tone' }, output: 'A' })).toEqual({
      evaluations: [{ ...score, name: 'preview', dataType: 'CATEGORICAL', label: 'kind' }],
      error: null,
    })
    expect(await preview({ id, output: 'A' })).toEqual({ evaluations: [], error: null })
    await worker.stop()
  })

  it('returns the error of a failing evaluator as data', async () => {
    const worker = await t.startWorker()
    expect(await preview({ definition: { kind: 'module', module: 'broken' }, output: 'A' })).toEqual({
      evaluations: [],
      error: { code: 'EVALUATOR_FAILED', message: 'out of order', retryable: false },
    })
    await worker.stop()
  })

  it('is refused for an invalid definition or id', async () => {
    const { id } = await create()
    expect(await refusal(preview({ output: 1 }))).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await refusal(preview({ output: 1, id, definition: exact }))).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await refusal(preview({ output: 1, definition: { kind: 'x' } }))).toMatchObject({
      path: ['definition', 'kind'],
    })
    expect(await refusal(preview({ output: 1, id }, elsewhere))).toMatchObject({ code: 'NOT_FOUND' })
    expect(await refusal(preview({ output: 1, id }, { ...t.scope, role: 'READ' }))).toMatchObject({ code: 'FORBIDDEN' })
  })
})
