/**
 * Exported rows as text. JSON Lines are exact: a dataset's re-import as themselves. CSV is for spreadsheets: what is no
 * text is written as JSON, and a text that a spreadsheet would execute as a formula gets an apostrophe in front,
 * because outputs come from models and endpoints that nobody vouches for.
 */
import type { DatasetItemRow } from '../db/sql/dataset/item-row.ts'
import type { ExportedRunItem } from '../db/sql/run-item/load-export-page.ts'
import type { Json } from '../domain/json/json.ts'

export const exportFormats = ['jsonl', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const mediaTypes: Record<ExportFormat, string> = {
  jsonl: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
}

/** How rows of one kind are written: an optional first line, then one line a row. */
export interface RowWriter<Row> {
  header: string
  line: (row: Row) => string
}

const itemColumns = ['key', 'input', 'expectedOutput', 'tags', 'metadata'] as const

export function datasetItemWriter(format: ExportFormat): RowWriter<DatasetItemRow> {
  if (format === 'csv') {
    return {
      header: csvLine(itemColumns),
      line: (item) =>
        csvLine(itemColumns.map((name) => (name === 'tags' && item.tags.length === 0 ? null : item[name]))),
    }
  }
  return {
    header: '',
    line: ({ key, input, expectedOutput, tags, metadata }) =>
      jsonLine({
        ...(key !== null && { key }),
        input,
        ...(expectedOutput !== null && { expectedOutput }),
        ...(tags.length > 0 && { tags }),
        ...(metadata !== null && { metadata }),
      }),
  }
}

const runColumns = [
  'key',
  'itemId',
  'position',
  'repetition',
  'status',
  'input',
  'expectedOutput',
  'output',
  'error',
  'attempts',
  'latencyMs',
  'inputTokens',
  'outputTokens',
  'costUsd',
  'evaluatorCostUsd',
  'traceId',
  'startedAt',
  'finishedAt',
  'tags',
  'metadata',
] as const

/** @param scoreNames columns of their own in CSV; of several scores of one name the newest is taken */
export function runItemWriter(format: ExportFormat, scoreNames: readonly string[]): RowWriter<ExportedRunItem> {
  if (format === 'jsonl') return { header: '', line: ({ ordinal: _, ...item }) => jsonLine(item) }
  return {
    header: csvLine([...runColumns, ...scoreNames.map((name) => `score:${name}`)]),
    line: (item) => {
      const scores = new Map(item.scores.map((score) => [score.name, score.value ?? score.label]))
      return csvLine([
        ...runColumns.map((name) => plain(item[name])),
        ...scoreNames.map((name) => scores.get(name) ?? null),
      ])
    },
  }
}

function plain(value: unknown): Json {
  if (value instanceof Date) return value.toISOString()
  return Array.isArray(value) && value.length === 0 ? null : (value as Json)
}

function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`
}

function csvLine(cells: readonly Json[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(value: Json): string {
  if (value === null) return ''
  const text = typeof value === 'string' ? harmless(value) : JSON.stringify(value)
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}

/** Spreadsheets skip blanks in front, some read full-width characters as the plain ones, and a tab or line end begins a cell. */
const formula = /^(?:[\t\r\n]|[\s\uFEFF\p{Cc}\p{Cf}]*[=+\-@＝＋－＠])/u

function harmless(text: string): string {
  return formula.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
}
