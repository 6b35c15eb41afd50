/**
 * Imports a file of any size into a dataset, all of it or nothing, in bounded memory: the source is decoded, parsed,
 * validated and staged row by row while it arrives, and only then is the dataset locked and written.
 */
import { type Queryable, transaction } from '../../db/client.ts'
import type { Dataset } from '../../db/generated/prisma/client.ts'
import { findUnknownAttachments } from '../../db/sql/attachment/use.ts'
import { type DatasetHead, findDatasetHead, lockDatasetByName } from '../../db/sql/dataset/lock-dataset.ts'
import {
  type DatasetChangeCounts,
  findDuplicates,
  findKeyConflicts,
  resolveStagedIds,
  type StagedItem,
} from '../../db/sql/dataset/staging.ts'
import { ConflictError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { canonicalJson } from '../../domain/json/canonical-json.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { TransferPlaces } from '../transfer-places.ts'
import { columnList } from './column-list.ts'
import { checkDatasetName } from './dataset-name.ts'
import { newSeed } from './datasets.ts'
import { decodeText } from './decode-text.ts'
import { type ImportFormat, readRows } from './import-format.ts'
import { type ImportMapping, ItemMapper } from './import-mapping.ts'
import { maxListedProblems, Problems } from './import-problems.ts'
import { expectedAttachment, type ItemContent, ItemProblem, prepareItem } from './item-content.ts'
import { findMisfits, hasSchemas, type ItemSchemas } from './item-schema.ts'
import { stageItems, writeStagedItems } from './write-items.ts'
import { lookAhead, withFileIds, withZip } from './zip.ts'

export { ImportError } from './import-problems.ts'

export interface ImportInput {
  /** Name; the dataset is created if it does not exist. */
  dataset: string
  source: AsyncIterable<Uint8Array>
  /** Null: detect it. */
  format: ImportFormat | null
  /** Of CSV; null: detect it. */
  delimiter?: string | null
  mapping: ImportMapping
  /** Called often with the rows and bytes read so far. */
  onProgress?: (rows: number, bytes: number) => void
  /** Once it has aborted, nothing is stored any more: its reason is thrown. */
  signal?: AbortSignal
}

/** A file with rows, whose references to files may be paths. */
interface RowsInput extends Pick<ImportInput, 'source' | 'format' | 'delimiter' | 'onProgress' | 'signal'> {
  /** Of the dataset. */
  name: string
  mapper: ItemMapper
  /** The global ids of attachments by the paths that refer to them; null if only ids may. */
  files: ReadonlyMap<string, string> | null
}

export interface ImportResult extends DatasetChangeCounts {
  dataset: Dataset
  version: number
  rows: number
  /** What each column became. */
  mapping: Required<ImportMapping>
}

/** Maximum concurrent imports per process and per project: each holds a connection for as long as its client is sending. */
export const imports = new TransferPlaces('imports', { most: 6, mostOfProject: 3 })

/**
 * Adds the rows of a file as items, or updates the matching items: by the id that exports have, else by key, else by
 * equal input. Ids of other datasets are ignored. Other items stay unchanged. A file without changes creates no version.
 * A ZIP has the file of rows and the files that these refer to by their paths (zip.ts).
 * @throws {ImportError} with the first 20 problems and their total number; {InvalidInputError} for an invalid name or
 *   mapping; {ConflictError} when the dataset's schemas change in the meantime; {LimitError} while 3 other imports of the
 *   project, or 6 of all, are running; whatever the source throws. No item is stored then.
 */
export async function importItems(services: Services, scope: Scope, input: ImportInput): Promise<ImportResult> {
  requireWrite(scope)
  const name = checkDatasetName(input.dataset, ['dataset'])
  const mapper = new ItemMapper(input.mapping)
  return imports.within(services.db, scope.projectId, async () => {
    const { isZip, source } = await lookAhead(input.source)
    if (!isZip) return importRows(services, scope, { ...input, name, mapper, source, files: null })
    return withZip(services, scope, { ...input, source }, (rows, files) =>
      importRows(services, scope, { ...input, name, mapper, ...rows, format: input.format ?? rows.format, files }),
    )
  })
}

async function importRows(services: Services, scope: Scope, input: RowsInput): Promise<ImportResult> {
  const { projectId } = scope
  const { name } = input
  const { rows, written, id } = await transaction(services.db.pool, async (client) => {
    const before = await findDatasetHead(client, projectId, name)
    const problems = new Problems()
    const reading = { rows: 0 }
    await stageItems(client, readItems(input, schemasOf(before), problems, reading, projectId))
    problems.throwIfAny()

    const dataset = await lockDatasetByName(client, { projectId, name, seed: newSeed() })
    if (canonicalJson(schemasOf(dataset)) !== canonicalJson(schemasOf(before))) {
      throw new ConflictError(`The schemas of dataset "${name}" changed during the import. Import the file again.`)
    }
    await resolveStagedIds(client, dataset.id)
    await refuseContradictions(client, dataset.id, problems)
    await refuseUnknownAttachments(client, projectId, problems)
    const written = await writeStagedItems(client, scope, dataset)
    input.signal?.throwIfAborted()
    return { rows: reading.rows, written, id: dataset.id }
  })
  return {
    ...written,
    rows,
    mapping: input.mapper.mapping,
    dataset: await services.db.prisma.dataset.findUniqueOrThrow({ where: { id } }),
  }
}

function schemasOf(dataset: DatasetHead | null): ItemSchemas & Record<string, ItemSchemas[keyof ItemSchemas]> {
  return {
    inputSchema: dataset?.inputSchema ?? null,
    expectedOutputSchema: dataset?.expectedOutputSchema ?? null,
  }
}

/** @throws {ImportError} rows that are about one item, or whose key another item has */
async function refuseContradictions(client: Queryable, datasetId: string, problems: Problems): Promise<void> {
  let unlisted = 0
  for (const column of ['key', 'item_id'] as const) {
    const { total, duplicates } = await findDuplicates(client, column, maxListedProblems)
    unlisted += total - duplicates.length
    for (const { value, first, second } of duplicates) {
      const [name, shown] = column === 'key' ? ['key', value] : ['id', encodeGlobalId('DatasetItem', value)]
      const got = `"${shown}", as on line ${first}`
      problems.add({ line: second, column: name, expected: `every ${name} once`, got })
    }
  }
  problems.throwIfAny(unlisted)
  const { total, conflicts } = await findKeyConflicts(client, datasetId, maxListedProblems)
  for (const { line, key } of conflicts) {
    problems.add({ line, column: 'key', expected: 'a key that no other item has', got: `"${key}"` })
  }
  problems.throwIfAny(total - conflicts.length)
}

/** @throws {ImportError} rows that refer to files that the project does not have */
async function refuseUnknownAttachments(client: Queryable, projectId: string, problems: Problems): Promise<void> {
  const { total, unknown } = await findUnknownAttachments(client, projectId, maxListedProblems)
  for (const { line, id } of unknown) {
    const got = `"${encodeGlobalId('Attachment', id)}"`
    problems.add({ line, column: '$file', expected: expectedAttachment, got })
  }
  problems.throwIfAny(total - unknown.length)
}

/** Items that are checked at once: so many, or so many bytes of the file. */
const maxChecked = 500
const maxCheckedBytes = 1_000_000

/** The items of the file up to the first problem; after that, the file is only read for further problems. */
async function* readItems(
  input: RowsInput,
  schemas: ItemSchemas,
  problems: Problems,
  reading: { rows: number },
  projectId: string,
): AsyncGenerator<StagedItem> {
  const { mapper } = input
  const checks = hasSchemas(schemas)
  /** Rows whose items wait to be checked, or that have a problem already. */
  let waiting: ({ line: number; item: ItemContent; itemId: string | null } | { line: number; problem: ItemProblem })[] =
    []
  let waitingSince = 0
  let bytes = 0
  async function* counted() {
    for await (const chunk of input.source) {
      bytes += chunk.length
      input.onProgress?.(reading.rows, bytes)
      yield chunk
    }
  }
  async function* checked(rows: typeof waiting) {
    const items = rows.flatMap((row) => ('item' in row ? row.item : []))
    const misfits = checks ? await findMisfits(schemas, items, projectId) : []
    let place = 0
    for (const row of rows) {
      try {
        if ('problem' in row) throw row.problem
        const misfit = misfits[place]
        place += 1
        if (misfit) throw misfit
        const staged = prepareItem(row.item, row.line, row.itemId)
        if (problems.total === 0) yield staged
      } catch (error) {
        if (!(error instanceof ItemProblem)) throw error
        problems.add({ line: row.line, column: error.field, expected: error.expected, got: error.got })
      }
    }
  }
  let columns = ''
  for await (const row of readRows(decodeText(counted(), problems), input.format, problems, input.delimiter)) {
    reading.rows += 1
    if (reading.rows === 1) {
      columns = columnList(Object.keys(row.fields))
      // All rows of a CSV file have the same columns: a missing column is one problem, not one per row.
      const absent = row.format === 'csv' ? mapper.absentFrom(row) : []
      for (const column of absent) {
        const hint = column === 'input' ? mapper.inputHint(row) : null
        const expected = hint === null ? 'this column' : `this column, or ${hint}`
        problems.add({ line: 1, column, expected, got: `only ${columns}` })
      }
      if (absent.length > 0) return
    }
    try {
      const { itemId, ...content } = mapper.toItem(row, row.format === 'csv')
      const item = input.files ? withFileIds(content, input.files) : content
      waiting.push({ line: row.line, item, itemId })
    } catch (error) {
      if (!(error instanceof ItemProblem)) throw error
      waiting.push({ line: row.line, problem: error })
    }
    if (checks && waiting.length < maxChecked && bytes - waitingSince < maxCheckedBytes) continue
    yield* checked(waiting)
    waiting = []
    waitingSince = bytes
  }
  yield* checked(waiting)
  input.onProgress?.(reading.rows, bytes)
  if (problems.total > 0) return
  if (reading.rows === 0) problems.add({ line: null, column: null, expected: 'at least one row', got: 'none' })
  for (const column of reading.rows > 0 ? mapper.unseen : []) {
    problems.add({ line: null, column, expected: 'this column in at least one row', got: `only ${columns}` })
  }
}
