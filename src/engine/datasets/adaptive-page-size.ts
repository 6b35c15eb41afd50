/** Target page size: large enough that round trips do not matter, small enough for a few large rows. */
const pageCharacters = 1_000_000
const firstPageSize = 16
const maxPageSize = 1_000

/**
 * All rows of a list, page by page. A row may have any size up to megabytes, so each page asks for as many rows as will
 * make about a megabyte, judging by the previous page.
 */
export async function* adaptivePages<Row>(
  load: (after: Row | null, limit: number) => Promise<Row[]>,
): AsyncGenerator<Row> {
  let limit = firstPageSize
  let after: Row | null = null
  for (;;) {
    const rows: Row[] = await load(after, limit)
    yield* rows
    after = rows.at(-1) ?? null
    if (rows.length < limit) return
    const characters = rows.reduce((sum, row) => sum + JSON.stringify(row).length, 0)
    limit = Math.max(1, Math.min(maxPageSize, 4 * limit, Math.floor((pageCharacters * limit) / characters)))
  }
}
