import { randomBytes } from 'node:crypto'
import { transaction } from '../../db/client.ts'
import { type Dataset, Prisma } from '../../db/generated/prisma/client.ts'
import { deleteDatasetRow } from '../../db/sql/dataset/delete-dataset.ts'
import { type DatasetHead, lockDataset } from '../../db/sql/dataset/lock-dataset.ts'
import { type DatasetChanges, updateDatasetRow } from '../../db/sql/dataset/update-dataset.ts'
import { parseChanges } from '../../domain/changes.ts'
import { ConflictError, InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import type { Json } from '../../domain/json/json.ts'
import { checkMetadataPath } from '../../domain/metadata-path.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { checkDatasetName } from './dataset-name.ts'
import { eachPage } from './each-item.ts'
import { canonicalText, ItemProblem } from './item-content.ts'
import { checkItemSchemas, findMisfits, hasSchemas } from './item-schema.ts'

interface CreateDatasetInput {
  /** Unique in the project; `/` separates groups. */
  name: string
  description?: string | null
  metadata?: Json
  /** JSON Schema of every item's input. */
  inputSchema?: Json
  /** JSON Schema of every item's expected output; an absent one is validated as null. */
  expectedOutputSchema?: Json
  /** Where the metadata of its items says which belong together; default: they are independent. */
  clusterPath?: readonly string[] | null
}

interface UpdateDatasetInput extends Omit<DatasetChanges, 'name'> {
  id: string
  name?: string | null
}

/** Maximum number of items listed that do not fit a new schema. */
const maxListed = 20

/**
 * Creates an empty dataset, at version 0.
 * @throws {InvalidInputError} for an invalid name or schema; {ConflictError} when the name is taken.
 */
export async function createDataset(services: Services, scope: Scope, input: CreateDatasetInput): Promise<Dataset> {
  requireWrite(scope)
  const name = checkDatasetName(input.name)
  checkStorable(input)
  const clusterPath = input.clusterPath?.length ? checkMetadataPath(input.clusterPath, ['clusterPath']) : []
  const { inputSchema = null, expectedOutputSchema = null } = input
  await checkItemSchemas({ inputSchema, expectedOutputSchema }, scope.projectId)
  try {
    return await services.db.prisma.dataset.create({
      data: {
        projectId: scope.projectId,
        name,
        seed: newSeed(),
        description: input.description ?? null,
        metadata: input.metadata ?? Prisma.DbNull,
        inputSchema: inputSchema ?? Prisma.DbNull,
        expectedOutputSchema: expectedOutputSchema ?? Prisma.DbNull,
        clusterPath: [...clusterPath],
      },
    })
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') throw nameTaken(name)
    throw error
  }
}

/**
 * Updates a dataset. Undefined leaves a field unchanged, null clears it. New schemas must fit the current items, or
 * nothing changes.
 * @throws {InvalidInputError} for an invalid name or schema, or listing up to 20 items that do not fit the schema;
 *   {NotFoundError}; {ConflictError} when the name is taken.
 */
export async function updateDataset(services: Services, scope: Scope, input: UpdateDatasetInput): Promise<Dataset> {
  requireWrite(scope)
  const clearable = ['description', 'metadata', 'inputSchema', 'expectedOutputSchema', 'clusterPath'] as const
  const { id, ...changes } = parseChanges(input, clearable)
  if (changes.name !== undefined) checkDatasetName(changes.name)
  checkStorable(changes)
  if (changes.clusterPath?.length) checkMetadataPath(changes.clusterPath, ['clusterPath'])
  await transaction(services.db.pool, async (client) => {
    const dataset = await lockDataset(client, scope.projectId, id)
    if (!dataset) throw datasetNotFound(id, ['id'])
    if (changes.inputSchema !== undefined || changes.expectedOutputSchema !== undefined) {
      await checkItemsFit(eachPage(client, id, dataset.version), changes, dataset, scope.projectId)
    }
    await updateDatasetRow(client, id, changes).catch((error: { code?: string }) => {
      throw error.code === '23505' ? nameTaken(changes.name ?? dataset.name) : error
    })
  })
  return services.db.prisma.dataset.findUniqueOrThrow({ where: { id } })
}

async function checkItemsFit(
  pages: ReturnType<typeof eachPage>,
  changes: DatasetChanges,
  dataset: DatasetHead,
  projectId: string,
): Promise<void> {
  const { inputSchema = dataset.inputSchema, expectedOutputSchema = dataset.expectedOutputSchema } = changes
  const schemas = { inputSchema, expectedOutputSchema }
  await checkItemSchemas(schemas, projectId)
  if (!hasSchemas(schemas)) return
  const misfits: string[] = []
  let count = 0
  let path: string | null = null
  for await (const page of pages) {
    const problems = await findMisfits(schemas, page, projectId)
    for (const [index, item] of page.entries()) {
      const problem = problems[index]
      if (!problem) continue
      path ??= problem.field.startsWith('input') ? 'inputSchema' : 'expectedOutputSchema'
      if (++count <= maxListed)
        misfits.push(`item ${item.key ?? encodeGlobalId('DatasetItem', item.itemId)}: ${problem.message}`)
    }
  }
  if (path === null) return
  if (count > maxListed) misfits.push(`and ${count - maxListed} more`)
  throw new InvalidInputError(
    `Expected a schema that all items fit, but ${count} of ${dataset.itemCount} do not:\n${misfits.join('\n')}`,
    [path],
  )
}

/**
 * Deletes a dataset with all its items, versions, experiments and runs. Returns its id.
 * @throws {NotFoundError}; {ConflictError} while one of its runs is unfinished.
 */
export async function deleteDataset(services: Services, scope: Scope, id: string): Promise<string> {
  requireWrite(scope)
  await transaction(services.db.pool, async (client) => {
    const dataset = await lockDataset(client, scope.projectId, id, 'UPDATE')
    if (!dataset) throw datasetNotFound(id, ['id'])
    const open = await deleteDatasetRow(client, id)
    if (open > 0) {
      throw new ConflictError(
        `Dataset "${dataset.name}" has ${open} unfinished ${open === 1 ? 'run' : 'runs'}. ` +
          'Cancel them or wait, then delete it.',
        ['id'],
      )
    }
  })
  return id
}

/** A default schedule seed for the runs of a new dataset. */
export function newSeed(): string {
  return randomBytes(8).toString('hex')
}

export function datasetNotFound(id: string, path: string[] | null = null): NotFoundError {
  return new NotFoundError(`There is no dataset ${encodeGlobalId('Dataset', id)} in this project.`, path)
}

function nameTaken(name: string): ConflictError {
  return new ConflictError(`There is already a dataset "${name}" in this project. Choose another name.`, ['name'])
}

function checkStorable(input: Omit<CreateDatasetInput, 'name'>): void {
  for (const field of ['description', 'metadata', 'inputSchema', 'expectedOutputSchema'] as const) {
    try {
      canonicalText(field, input[field] ?? null)
    } catch (error) {
      if (!(error instanceof ItemProblem)) throw error
      throw new InvalidInputError(`Expected ${error.expected}, got ${error.got}.`, [field])
    }
  }
}
