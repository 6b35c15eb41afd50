import type { ItemError } from '../../../domain/execution/task.ts'
import { columns } from '../../columns.ts'
import { Prisma, type RunItem } from '../../generated/prisma/client.ts'

const ofExecution = ['recorded', 'lease', 'availableAt', 'excused'] as const

/** A run item without what only its execution needs. */
export type ShownRunItem = Omit<RunItem, (typeof ofExecution)[number] | 'error'> & { error: ItemError | null }

/** Columns that a list may leave out: pages often do not show them, and they cost something to read or convert. */
export const optionalColumns = [
  ...(['output', 'outputBytes', 'inputTokens', 'outputTokens', 'costUsd', 'evaluatorCostUsd'] as const),
  ...(['traceId', 'generation', 'startedAt', 'finishedAt'] as const),
] as const

export type OptionalColumn = (typeof optionalColumns)[number]

/** Bytes of JSON up to which an output is read whole; of a larger one only the beginning. */
export const maxShownBytes = 256 * 1024

const notAsStored: readonly string[] = [...ofExecution, 'output', 'outputBytes']

/** The stored size of an output that was removed. That of an output that is null is its JSON's, 4. */
export const removedBytes = 0

/** Whether the output of a row that has succeeded is still there. */
export function hasOutput(table: string): string {
  return `${table}.output_bytes IS DISTINCT FROM ${removedBytes}`
}

/** The size of an output's JSON in bytes; null without an output. Measured where it is not stored. */
export function outputBytes(table: string): string {
  return `CASE WHEN ${table}.status = 'SUCCEEDED' AND ${hasOutput(table)}
    THEN COALESCE(${table}.output_bytes, octet_length(${table}.output::text), 4) END`
}

/**
 * The select list of a run item, with an output that is too large to be shown as a text: the beginning of its
 * JSON, so that the database does not send the rest. Of a text only the beginning becomes JSON. The bytes that may be of an
 * incomplete character are trimmed from its end; looking for the end of the last whole one in a subselect cost 0.25 ms of
 * planning for every statement.
 * @param without columns to leave out
 */
export function runItemColumns(table: string, without: readonly OptionalColumn[] = []): string {
  return [
    columns(table, Prisma.RunItemScalarFieldEnum, [...notAsStored, ...without]),
    ...(without.includes('outputBytes') ? [] : [`${outputBytes(table)} AS "outputBytes"`]),
    ...(without.includes('output') ? [] : [`${shownOutput(table)} AS "output"`]),
  ].join(', ')
}

function shownOutput(table: string): string {
  const text = `to_json(left(${table}.output #>> '{}', ${maxShownBytes}))::text`
  const json = `convert_to(CASE jsonb_typeof(${table}.output) WHEN 'string' THEN ${text} ELSE ${table}.output::text END, 'UTF8')`
  const cut = `rtrim(rtrim(substring(${json} FOR ${maxShownBytes}), ${continuing}), ${leading})`
  return `CASE WHEN COALESCE(${table}.output_bytes, octet_length(${table}.output::text)) > ${maxShownBytes}
    THEN to_jsonb(convert_from(${cut}, 'UTF8')) ELSE ${table}.output END`
}

/** The bytes of a character of UTF-8 that follow its first, and the first ones of characters of several bytes. */
const [continuing, leading] = [bytes(0x80, 0xbf), bytes(0xc0, 0xf7)]

function bytes(from: number, to: number): string {
  return `'\\x${Buffer.from(Array.from({ length: to - from + 1 }, (_, n) => from + n)).toString('hex')}'::bytea`
}

/** Whether the output of a row is only the beginning of it. */
export function isTruncated({ outputBytes }: { outputBytes: number | null }): boolean {
  return outputBytes !== null && outputBytes > maxShownBytes
}
