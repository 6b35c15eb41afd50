import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConflictError, ForbiddenError, type InvalidInputError, NotFoundError } from '../../../src/domain/errors.ts'
import { createDataset, deleteDataset, updateDataset } from '../../../src/engine/datasets/datasets.ts'
import { upsertDatasetItems } from '../../../src/engine/datasets/items.ts'
import { createTestEngine, type TestEngine } from '../../helpers/engine.ts'
import { testScope } from '../../helpers/scope.ts'

let test: TestEngine
beforeAll(async () => {
  test = await createTestEngine()
})
afterAll(() => test[Symbol.asyncDispose]())

const create = (input: Parameters<typeof createDataset>[2]) => createDataset(test.services, test.scope, input)

/** A second project, which must not see the first. */
async function otherScope() {
  const { id } = await test.db.prisma.project.create({ data: { name: crypto.randomUUID() } })
  return testScope(test.db, id)
}

describe('creating', () => {
  it('creates an empty dataset at version 0 with its own schedule seed', async () => {
    const dataset = await create({ name: 'group/empty', description: 'd', metadata: { a: [1] } })
    expect(dataset).toMatchObject({
      name: 'group/empty',
      description: 'd',
      metadata: { a: [1] },
      version: 0,
      itemCount: 0,
    })
    const other = await create({ name: 'group/other', metadata: null })
    expect(other.seed).not.toBe(dataset.seed)
    expect(other.metadata).toBeNull()
  })

  it('refuses a name that is taken, and accepts it in another project', async () => {
    await create({ name: 'taken' })
    await expect(create({ name: 'taken' })).rejects.toThrow(ConflictError)
    await expect(createDataset(test.services, await otherScope(), { name: 'taken' })).resolves.toMatchObject({
      version: 0,
    })
  })

  it.each(['', '/a', 'a/', 'a//b', ' a', 'a ', 'a\nb', 'a\u0000', 'x'.repeat(201), '\ud800'])(
    'refuses the name %j',
    async (name) => {
      await expect(create({ name })).rejects.toMatchObject({ code: 'INVALID_INPUT', path: ['name'] })
    },
  )

  it.each([
    ['inputSchema', { type: 'strin' }],
    ['inputSchema', 'text'],
    ['expectedOutputSchema', { $ref: 'https://example.com/elsewhere.json' }],
    ['expectedOutputSchema', { type: 'string', pattern: '(?=a)b' }],
    ['inputSchema', { $async: true }],
  ])('refuses as %s what is no usable schema: %j', async (field, schema) => {
    await expect(create({ name: 'schemas', [field]: schema })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      path: [field],
    })
  })

  it('refuses characters that PostgreSQL cannot store, and accepts text that only looks like their escape', async () => {
    await expect(create({ name: 'nul', metadata: { a: 'x\u0000' } })).rejects.toMatchObject({ path: ['metadata'] })
    const deep = JSON.parse('['.repeat(10_000) + ']'.repeat(10_000))
    await expect(create({ name: 'nul', metadata: deep })).rejects.toMatchObject({ path: ['metadata'] })
    await expect(create({ name: 'nul', metadata: { a: '\\u0000' } })).resolves.toMatchObject({
      metadata: { a: '\\u0000' },
    })
  })

  it('requires write access', async () => {
    const reader = { ...test.scope, role: 'READ' as const }
    await expect(createDataset(test.services, reader, { name: 'reader' })).rejects.toThrow(ForbiddenError)
  })
})

describe('updating', () => {
  it('leaves undefined fields, clears null ones and sets the rest', async () => {
    const { id } = await create({
      name: 'update/a',
      description: 'old',
      metadata: { a: 1 },
      inputSchema: { type: 'object' },
    })
    const renamed = await updateDataset(test.services, test.scope, { id, name: 'update/b', metadata: null })
    expect(renamed).toMatchObject({
      name: 'update/b',
      description: 'old',
      metadata: null,
      inputSchema: { type: 'object' },
    })
    const cleared = await updateDataset(test.services, test.scope, { id, description: null, inputSchema: null })
    expect(cleared).toMatchObject({ name: 'update/b', description: null, inputSchema: null })
  })

  it('refuses a schema that the items do not fit, listing them, and changes nothing', async () => {
    const { id } = await create({ name: 'update/schema' })
    const items = Array.from({ length: 30 }, (_, i) => ({
      key: `k${i}`,
      input: i < 25 ? i : `text ${i}`,
      expectedOutput: 'x',
    }))
    await upsertDatasetItems(test.services, test.scope, { datasetId: id, items })
    const change = updateDataset(test.services, test.scope, { id, name: 'renamed', inputSchema: { type: 'string' } })
    const error = await change.catch((error: InvalidInputError) => error)
    expect(error).toMatchObject({ code: 'INVALID_INPUT', path: ['inputSchema'] })
    const { message } = error as InvalidInputError
    expect(message).toContain('25 of 30')
    expect(message).toContain('item k0: input: expected a value that fits its schema: it must be string, got 0.')
    expect(message).toContain('and 5 more')
    expect(await test.db.prisma.dataset.findUnique({ where: { id } })).toMatchObject({
      name: 'update/schema',
      inputSchema: null,
    })
  })

  it('accepts a schema that all items fit', async () => {
    const { id } = await create({ name: 'update/fit' })
    await upsertDatasetItems(test.services, test.scope, { datasetId: id, items: [{ input: 'a' }] })
    const schemas = { inputSchema: { type: 'string' }, expectedOutputSchema: { type: ['string', 'null'] } }
    await expect(updateDataset(test.services, test.scope, { id, ...schemas })).resolves.toMatchObject(schemas)
  })

  it('finds nothing in other projects and refuses a taken name', async () => {
    const { id } = await create({ name: 'update/x' })
    await create({ name: 'update/y' })
    await expect(updateDataset(test.services, await otherScope(), { id, name: 'z' })).rejects.toThrow(NotFoundError)
    await expect(updateDataset(test.services, test.scope, { id, name: 'update/y' })).rejects.toThrow(ConflictError)
  })
})

describe('deleting', () => {
  it('removes the dataset with its items', async () => {
    const { id } = await create({ name: 'delete/a' })
    await upsertDatasetItems(test.services, test.scope, { datasetId: id, items: [{ input: 1 }] })
    await expect(deleteDataset(test.services, await otherScope(), id)).rejects.toThrow(NotFoundError)
    await expect(deleteDataset(test.services, test.scope, id)).resolves.toBe(id)
    expect(await test.db.prisma.datasetItem.count({ where: { datasetId: id } })).toBe(0)
    await expect(deleteDataset(test.services, test.scope, id)).rejects.toThrow(NotFoundError)
  })

  it('is refused while a run is unfinished', async () => {
    const { id: datasetId } = await create({ name: 'delete/b' })
    const { projectId } = test.scope
    const experiment = await test.db.prisma.experiment.create({
      data: { projectId, datasetId, name: 'e', task: {}, settings: {} },
    })
    const run = await test.db.prisma.run.create({
      data: {
        projectId,
        datasetId,
        experimentId: experiment.id,
        datasetVersion: 0,
        name: 'r',
        seed: 's',
        task: {},
        settings: {},
        total: 1,
        queued: 1,
      },
    })
    await expect(deleteDataset(test.services, test.scope, datasetId)).rejects.toThrow('1 unfinished run.')
    await test.db.prisma.run.update({ where: { id: run.id }, data: { status: 'COMPLETED' } })
    await expect(deleteDataset(test.services, test.scope, datasetId)).resolves.toBe(datasetId)
  })
})
