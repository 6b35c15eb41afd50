/**
 * Exported rows as text. JSON Lines are exact: importing a dataset's export reproduces its items. CSV is for
 * spreadsheets: values other than text are written as JSON, and text that a spreadsheet would execute as a formula is
 * prefixed with an apostrophe, because outputs come from untrusted models and endpoints.
 */
import type { DatasetItemRevisionRow } from '../db/sql/dataset/revision-row.ts'
import type { ExportedRunItem } from '../db/sql/run-item/load-export-page.ts'
import { encodeGlobalId } from '../domain/global-id.ts'
import type { Json } from '../domain/json/json.ts'
import { executionScore, findSeries, type SeriesKey } from '../domain/score-series.ts'

export const exportFormats = ['jsonl', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const mediaTypes: Record<ExportFormat, string> = {
  jsonl: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
}

/** An optional header line, then one line per row. */
export interface RowWriter<Row> {
  header: string
  line: (row: Row) => string
}

const contentColumns = ['key', 'input', 'expectedOutput', 'tags', 'metadata'] as const

export function datasetItemWriter(format: ExportFormat): RowWriter<DatasetItemRevisionRow> {
  if (format === 'csv') {
    return {
      header: csvLine(['id', ...contentColumns]),
      line: (item) =>
        csvLine([
          encodeGlobalId('DatasetItem', item.itemId),
          ...contentColumns.map((name) => (name === 'tags' && item.tags.length === 0 ? null : item[name])),
        ]),
    }
  }
  return {
    header: '',
    line: ({ itemId, key, input, expectedOutput, tags, metadata }) =>
      jsonLine({
        id: encodeGlobalId('DatasetItem', itemId),
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
  'runItemId',
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

/** A score of a run as a whole; null for both: it failed. */
export interface RunScore {
  name: string
  value: number | null
  label: string | null
}

/**
 * @param series one CSV column each: `score:<name>` for the preferred source of a name, `score:<name>:<source>` for others.
 * Several scores of one execution are reduced to one.
 * @param ofRun scores of the run as a whole, which every row has: `runScores`, in CSV one column each, `runScore:<name>`
 */
export function runItemWriter(
  format: ExportFormat,
  runId: string,
  series: readonly SeriesKey[],
  ofRun: readonly RunScore[] = [],
): RowWriter<ExportedRunItem> {
  const named = ({ ordinal, itemId, ...item }: ExportedRunItem) => ({
    itemId: encodeGlobalId('DatasetItem', itemId),
    runItemId: encodeGlobalId('RunItem', `${runId}:${ordinal}`),
    ...item,
  })
  const runScores = Object.fromEntries(ofRun.map(({ name, value, label }) => [name, value ?? label]))
  const whole = ofRun.length > 0 ? { runScores } : {}
  if (format === 'jsonl') return { header: '', line: (item) => jsonLine({ ...named(item), ...whole }) }
  return {
    header: csvLine([
      ...runColumns,
      ...series.map(({ name, source }) => {
        const isPreferred = findSeries(series, { name, source: null })?.source === source
        return isPreferred ? `score:${name}` : `score:${name}:${source}`
      }),
      ...Object.keys(runScores).map((name) => `runScore:${name}`),
    ]),
    line: (row) => {
      const item = named(row)
      const scores = series.map(({ name, source }) => {
        const own = item.scores.filter((score) => score.name === name && score.source === source)
        const { value, label } = executionScore(own.map((score) => ({ ...score, failed: score.error !== null })))
        return value ?? label
      })
      return csvLine([...runColumns.map((name) => plain(item[name])), ...scores, ...Object.values(runScores)])
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

/** Spreadsheets skip leading blanks, some accept full-width signs, and a tab or line break starts a cell. */
const formula = /^(?:[\t\r\n]|[\s\uFEFF\p{Cc}\p{Cf}]*[=+\-@＝＋－＠])/u

function harmless(text: string): string {
  return formula.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
}
