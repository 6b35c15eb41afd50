import pg from 'pg'
import type { Queryable } from './client.ts'

const { getTypeParser, builtins } = pg.types
const { INT8, TIMESTAMPTZ } = builtins
/** Of `text[]`, which the builtins lack. */
const TEXT_ARRAY = 1009

/**
 * Runs a statement and returns its rows, with int8 as bigint as in Prisma's row types. The parser is set per statement
 * because Prisma and pg-boss share the pool.
 * @param name if given, the statement is prepared once per connection
 */
export async function queryRows<Row extends object>(
  client: Queryable,
  text: string,
  values: unknown[] = [],
  name?: string,
): Promise<Row[]> {
  const { rows } = await client.query<Row>({ name, text, values, types: rowTypes })
  return rows
}

/** For statements whose rows have Prisma's types. */
export const rowTypes: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (oid === INT8) return BigInt
    if (oid === TIMESTAMPTZ && format !== 'binary') return parseTimestamp
    if ((oid as number) === TEXT_ARRAY && format !== 'binary') return parseTextArray
    return getTypeParser(oid, format)
  },
}

const parseAnyTextArray = getTypeParser(TEXT_ARRAY as number)

/** Does not look at each character where no element is quoted, null or an array, as in the sort keys of most pages. */
function parseTextArray(text: string): unknown {
  const isPlain = text.length > 2 && text.lastIndexOf('{') === 0 && !text.includes('"') && !text.includes('NULL')
  return isPlain ? text.slice(1, -1).split(',') : parseAnyTextArray(text)
}

const parseAnyTimestamp = getTypeParser(TIMESTAMPTZ)

/** Five times as fast as the parser of `pg` for timestamps in UTC, which pages and feeds consist of. */
function parseTimestamp(text: string): Date {
  if (text[4] !== '-' || !text.endsWith('+00')) return parseAnyTimestamp(text)
  const year = digitsOf(text, 0, 4)
  // The first hundred years are others to JavaScript.
  if (year < 100) return parseAnyTimestamp(text)
  const digits = Math.min(text.length - 3 - fraction, 3)
  const ms = digits > 0 ? digitsOf(text, fraction, digits) * 10 ** (3 - digits) : 0
  const [month, day] = [digitsOf(text, 5, 2), digitsOf(text, 8, 2)]
  const [hours, minutes, seconds] = [digitsOf(text, 11, 2), digitsOf(text, 14, 2), digitsOf(text, 17, 2)]
  return new Date(Date.UTC(year, month - 1, day, hours, minutes, seconds, ms))
}

function digitsOf(text: string, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at += 1) value = value * 10 + text.charCodeAt(at) - zero
  return value
}

const zero = '0'.charCodeAt(0)
/** Where the digits after the point of the seconds begin. */
const fraction = 20
