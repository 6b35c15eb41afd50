/** Loaders of rows by their keys, many in one statement. */
import DataLoader from 'dataloader'

/** Loads at most one row per key; null when there is none. */
export function one<Row, Key = string>(
  load: (keys: readonly Key[]) => Promise<Row[]>,
  keyOfRow: (row: Row) => string,
  keyOf: (key: Key) => string = String,
) {
  return new DataLoader<Key, Row | null, string>(
    async (keys) => {
      const rows = new Map((await load(keys)).map((row) => [keyOfRow(row), row]))
      return keys.map((key) => rows.get(keyOf(key)) ?? null)
    },
    { cacheKeyFn: keyOf },
  )
}

/** Prisma passes 32,766 parameters at most, and does not split a statement that orders its rows. */
const maxKeys = 30_000

/** Loads any number of rows per key, in the order of the query. */
export function many<Row, Key = string>(
  load: (keys: readonly Key[]) => Promise<Row[]>,
  keyOfRow: (row: Row) => string,
  keyOf: (key: Key) => string = String,
) {
  return new DataLoader<Key, Row[], string>(
    async (keys) => {
      const rows = Map.groupBy(await load(keys), keyOfRow)
      return keys.map((key) => rows.get(keyOf(key)) ?? [])
    },
    { cacheKeyFn: keyOf, maxBatchSize: maxKeys },
  )
}
