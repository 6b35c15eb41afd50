/** How long a page should take: long enough that round trips do not count, short enough that its rows are few if large. */
const PAGE_CHARACTERS = 1_000_000
const FIRST_PAGE = 16
const MAX_PAGE = 1_000

/**
 * All rows of a list, page after page. A row may be of any size up to megabytes, so a page asks for as many rows as
 * the one before suggests will be about a megabyte.
 */
export async function* adaptivePages<Row>(
  load: (after: Row | null, limit: number) => Promise<Row[]>,
): AsyncGenerator<Row> {
  let limit = FIRST_PAGE
  let after: Row | null = null
  for (;;) {
    const rows: Row[] = await load(after, limit)
    yield* rows
    after = rows.at(-1) ?? null
    if (rows.length < limit) return
    const characters = rows.reduce((sum, row) => sum + JSON.stringify(row).length, 0)
    limit = Math.max(1, Math.min(MAX_PAGE, 4 * limit, Math.floor((PAGE_CHARACTERS * limit) / characters)))
  }
}
