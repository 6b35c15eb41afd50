/** What an import would make of the first rows of a file. Nothing is stored. */
import { findDatasetHead } from '../../db/sql/dataset/lock-dataset.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { checkDatasetName } from './dataset-name.ts'
import { decodeText } from './decode-text.ts'
import type { ImportInput } from './import.ts'
import { type ImportFormat, readRows } from './import-format.ts'
import { type ImportMapping, ItemMapper } from './import-mapping.ts'
import { type ImportProblem, Problems } from './import-problems.ts'
import { type ItemContent, ItemProblem, prepareItem } from './item-content.ts'
import { findMisfits } from './item-schema.ts'

interface ImportPreview {
  /** Null when there is no row. */
  format: ImportFormat | null
  /** Of the rows, in the order in which they first appear. */
  columns: string[]
  /** Which columns become what, also by default; `metadata` are the others. */
  mapping: Required<ImportMapping>
  /** The rows that could be read, as items. */
  items: (ItemContent & { line: number })[]
  /** Why the others could not. */
  problems: readonly ImportProblem[]
}

const maxRows = 100

/**
 * @param input.rows how many rows to read, 1–100
 * @throws {InvalidInputError} for an invalid name, mapping or number; whatever the source throws
 */
export async function previewImport(
  { db }: Services,
  scope: Scope,
  input: Pick<ImportInput, 'dataset' | 'source' | 'format' | 'delimiter' | 'mapping'> & { rows: number },
): Promise<ImportPreview> {
  requireWrite(scope)
  const name = checkDatasetName(input.dataset, ['dataset'])
  if (!(input.rows >= 1 && input.rows <= maxRows)) {
    throw new InvalidInputError(`Expected to preview 1–${maxRows} rows, got ${input.rows}.`, ['preview'])
  }
  const mapper = new ItemMapper(input.mapping)
  const { inputSchema = null, expectedOutputSchema = null } =
    (await findDatasetHead(db.pool, scope.projectId, name)) ?? {}
  const schemas = { inputSchema, expectedOutputSchema }
  const problems = new Problems()
  const columns = new Set<string>()
  const items: ImportPreview['items'] = []
  let format: ImportFormat | null = null
  let rows = 0
  for await (const row of readRows(decodeText(input.source, problems), input.format, problems, input.delimiter)) {
    format = row.format
    for (const column of Object.keys(row.fields)) columns.add(column)
    try {
      const { itemId, ...item } = mapper.toItem(row, row.format === 'csv')
      const [misfit] = await findMisfits(schemas, [item], scope.projectId)
      if (misfit) throw misfit
      prepareItem(item, row.line, itemId)
      items.push({ line: row.line, ...item })
    } catch (error) {
      if (!(error instanceof ItemProblem)) throw error
      problems.add({ line: row.line, column: error.field, expected: error.expected, got: error.got })
    }
    rows += 1
    if (rows === input.rows) break
  }
  return {
    format,
    items,
    columns: [...columns],
    mapping: mapper.mapping,
    problems: problems.listed,
  }
}
