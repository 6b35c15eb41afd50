import pg from 'pg'
import type { Queryable } from './client.ts'

/**
 * Runs a statement and returns its rows, with int8 as bigint, as Prisma's row types have it. That is set for each statement
 * and not for the pool, which Prisma and pg-boss share.
 * @param name with one, the statement is prepared once per connection
 */
export async function queryRows<Row extends object>(
  client: Queryable,
  text: string,
  values: unknown[] = [],
  name?: string,
): Promise<Row[]> {
  const { rows } = await client.query<Row>({ name, text, values, types })
  return rows
}

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid, format)),
}
