/** What an import would make of the first rows of a file. Nothing is stored; of a ZIP, its directory must arrive: all of it. */
import { type DatasetHead, findDatasetHead } from '../../db/sql/dataset/lock-dataset.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { checkDatasetName } from './dataset-name.ts'
import { decodeText } from './decode-text.ts'
import { type ImportInput, imports } from './import.ts'
import { type ImportFormat, readRows } from './import-format.ts'
import { type ImportMapping, ItemMapper } from './import-mapping.ts'
import { type ImportProblem, Problems } from './import-problems.ts'
import { type ItemContent, ItemProblem, prepareItem } from './item-content.ts'
import { findMisfits } from './item-schema.ts'
import { lookAhead, previewZip, withFileIds } from './zip.ts'

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

type PreviewInput = Pick<ImportInput, 'dataset' | 'source' | 'format' | 'delimiter' | 'mapping'> & { rows: number }

const maxRows = 100

/**
 * @param input.rows how many rows to read, 1–100
 * @throws {InvalidInputError} for an invalid name, mapping or number; whatever the source throws
 */
export async function previewImport({ db }: Services, scope: Scope, input: PreviewInput): Promise<ImportPreview> {
  requireWrite(scope)
  const name = checkDatasetName(input.dataset, ['dataset'])
  if (!(input.rows >= 1 && input.rows <= maxRows)) {
    throw new InvalidInputError(`Expected to preview 1–${maxRows} rows, got ${input.rows}.`, ['preview'])
  }
  const { projectId } = scope
  const head = await findDatasetHead(db.pool, projectId, name)
  const { isZip, source } = await lookAhead(input.source)
  if (!isZip) return previewRows(head, { ...input, projectId, source, files: null })
  return imports.within(db, projectId, () =>
    previewZip(source, (rows, files) =>
      previewRows(head, { ...input, ...rows, projectId, format: input.format ?? rows.format, files }),
    ),
  )
}

interface RowsInput extends PreviewInput {
  projectId: string
  /** Of a ZIP, by their paths. */
  files: ReadonlyMap<string, string> | null
}

async function previewRows(head: DatasetHead | null, input: RowsInput): Promise<ImportPreview> {
  const mapper = new ItemMapper(input.mapping)
  const schemas = {
    inputSchema: head?.inputSchema ?? null,
    expectedOutputSchema: head?.expectedOutputSchema ?? null,
  }
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
      const content = input.files ? withFileIds(item, input.files) : item
      const [misfit] = await findMisfits(schemas, [content], input.projectId)
      if (misfit) throw misfit
      prepareItem(content, row.line, itemId)
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
