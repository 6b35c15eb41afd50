import pg from 'pg'
import type { Queryable } from './client.ts'

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
  getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid, format)),
}
