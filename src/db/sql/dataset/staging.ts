import type pg from 'pg'
import { type CopyStreamQuery, from } from 'pg-copy-streams'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** An item to stage; JSON is text. */
export interface StagedItem {
  /** Its line in the file, from 1; a line can contain several items. */
  line: number
  /** The item to update, if the caller named one by its id. */
  itemId: string | null
  key: string | null
  identity: string
  input: string
  expectedOutput: string | null
  metadata: string | null
  tags: readonly string[]
  /** Raw ids of the files that it refers to. */
  attachments: readonly string[]
  digest: Buffer
}

/**
 * Staging for items on their way into a dataset: a temporary table rather than parameters, because there may be
 * millions. The table spills to disk, is private to the transaction and disappears with it. A handful of items takes
 * the same path, so that there is only one.
 */
export async function createStaging(client: Queryable): Promise<void> {
  await client.query(
    `CREATE TEMP TABLE dataset_staging (
       n INTEGER NOT NULL,
       line INTEGER NOT NULL,
       item_id BIGINT,
       key TEXT,
       identity TEXT NOT NULL,
       input JSONB NOT NULL,
       expected_output JSONB,
       metadata JSONB,
       tags TEXT[] NOT NULL,
       attachments UUID[] NOT NULL,
       digest BYTEA NOT NULL
     ) ON COMMIT DROP`,
  )
}

/** A stream into the staging table, of lines made by `stagingLine`. COPY is several times faster than INSERT. */
export function copyIntoStaging(client: pg.ClientBase): CopyStreamQuery {
  return client.query(
    from(
      `COPY dataset_staging (n, line, item_id, key, identity, input, expected_output, metadata, tags, attachments, digest)
       FROM STDIN`,
    ),
  )
}

/** A row in COPY's text format. @param n its number, the order in which new items get their ids */
export function stagingLine(item: StagedItem, n: number): string {
  const tags = `{${item.tags.map((tag) => `"${tag.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
  const { line, itemId, key, identity, input, expectedOutput, metadata, attachments, digest } = item
  const texts = [key, identity, input, expectedOutput, metadata, tags].map(field)
  return `${[n, line, itemId ?? '\\N', ...texts, `{${attachments.join(',')}}`, `\\\\x${digest.toString('hex')}`].join('\t')}\n`
}

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function field(text: string | null): string {
  return text === null ? '\\N' : text.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character)
}

/**
 * Makes ids that came with rows of a file refer to items of the dataset, or to none: others are forgotten, and an item
 * that is named without a key keeps its own.
 */
export async function resolveStagedIds(client: Queryable, datasetId: string): Promise<void> {
  await client.query(
    `UPDATE dataset_staging s SET item_id = NULL
     WHERE s.item_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM dataset_item i WHERE i.id = s.item_id AND i.dataset_id = $1)`,
    [datasetId],
  )
  await client.query(
    `UPDATE dataset_staging s SET key = i.key, identity = i.identity
     FROM dataset_item i
     WHERE i.id = s.item_id AND s.key IS NULL AND i.key IS NOT NULL`,
  )
}

/**
 * Keys or ids that were staged more than once, with their first two lines: at most `limit` of them, and their total
 * number.
 */
export async function findDuplicates(
  client: Queryable,
  column: 'key' | 'item_id',
  limit: number,
): Promise<{ total: number; duplicates: { value: string; first: number; second: number }[] }> {
  const rows = await queryRows<{ value: string; first: number; second: number; total: number }>(
    client,
    `SELECT value::text, lines[1] AS first, lines[2] AS second, count(*) OVER ()::int AS total
     FROM (SELECT ${column} AS value, array_agg(line ORDER BY n) AS lines FROM dataset_staging
           WHERE ${column} IS NOT NULL GROUP BY ${column} HAVING count(*) > 1) repeated
     ORDER BY lines[2], value
     LIMIT $1`,
    [limit],
  )
  return { total: rows[0]?.total ?? 0, duplicates: rows.map(({ total: _, ...duplicate }) => duplicate) }
}

/**
 * Items staged by id with a key that another item of the dataset has, including archived ones: the first `limit` of
 * them, and their total number.
 */
export async function findKeyConflicts(
  client: Queryable,
  datasetId: string,
  limit: number,
): Promise<{ total: number; conflicts: { line: number; key: string; itemId: string }[] }> {
  const rows = await queryRows<{ line: number; key: string; itemId: string; total: number }>(
    client,
    `SELECT s.line, s.key, i.id::text AS "itemId", count(*) OVER ()::int AS total
     FROM dataset_staging s JOIN dataset_item i ON i.dataset_id = $1 AND i.identity = s.identity AND i.id <> s.item_id
     WHERE s.key IS NOT NULL
     ORDER BY s.n
     LIMIT $2`,
    [datasetId, limit],
  )
  return { total: rows[0]?.total ?? 0, conflicts: rows.map(({ total: _, ...conflict }) => conflict) }
}

/**
 * Matches every staged item to an item of the dataset, or gives it a new id: table `dataset_match`.
 *
 * Items without a key and with the same input are matched by their order: the first staged one is the dataset's first
 * live one, and so on, so that an export re-imports as itself even after some were archived. Items identified by id are
 * excluded from that order. Ids are assigned in row order, because that is the order of lists.
 *
 * Both tables are ANALYZEd: without statistics the planner assumes that they are small and uses nested loops.
 */
export async function matchStaging(client: Queryable, datasetId: string): Promise<void> {
  await client.query('ANALYZE dataset_staging')
  await client.query(
    `CREATE TEMP TABLE dataset_match ON COMMIT DROP AS
     WITH existing AS (
       SELECT i.id, i.identity, named.item_id IS NOT NULL AS named,
              max(i.occurrence) OVER (PARTITION BY i.identity) AS last_occurrence,
              row_number() OVER (
                PARTITION BY i.identity, named.item_id IS NOT NULL ORDER BY r.item_id IS NULL, i.id
              ) AS nth
       FROM dataset_item i
       LEFT JOIN dataset_item_revision r ON r.item_id = i.id AND r.valid_to IS NULL
       LEFT JOIN dataset_staging named ON named.item_id = i.id
       WHERE i.dataset_id = $1 AND i.identity IN (SELECT identity FROM dataset_staging)
     ), staged AS (
       SELECT n, item_id, identity, digest,
              row_number() OVER (PARTITION BY identity, item_id IS NOT NULL ORDER BY n) AS nth,
              row_number() OVER (PARTITION BY identity ORDER BY n)::int AS any_nth
       FROM dataset_staging
     ), last AS (
       SELECT identity, max(last_occurrence) AS occurrence FROM existing GROUP BY identity
     ), found AS (
       SELECT s.n, i.id AS item_id, i.identity <> s.identity AS is_moved,
              COALESCE(last.occurrence, -1) + s.any_nth AS free_occurrence,
              r.item_id IS NOT NULL AS was_live, r.digest IS DISTINCT FROM s.digest AS is_changed
       FROM staged s
       LEFT JOIN existing e ON s.item_id IS NULL AND NOT e.named AND e.identity = s.identity AND e.nth = s.nth
       LEFT JOIN last ON last.identity = s.identity
       LEFT JOIN dataset_item i ON i.id = COALESCE(s.item_id, e.id)
       LEFT JOIN dataset_item_revision r ON r.item_id = i.id AND r.valid_to IS NULL
       ORDER BY s.n
     )
     SELECT n, COALESCE(item_id, nextval('dataset_item_id_seq')) AS item_id, item_id IS NULL AS is_new,
            COALESCE(is_moved, false) AS is_moved, free_occurrence, was_live, is_changed
     FROM found`,
    [datasetId],
  )
  await client.query('ANALYZE dataset_match')
}

/** The effect of a write on the items of a dataset. */
export interface DatasetChangeCounts {
  /** New items, and archived ones that came back. */
  added: number
  changed: number
  unchanged: number
}

/** Counted before writing, because a write that changes nothing creates no version. */
export async function countMatches(client: Queryable): Promise<DatasetChangeCounts> {
  const rows = await queryRows<DatasetChangeCounts>(
    client,
    `SELECT count(*) FILTER (WHERE NOT was_live)::int AS added,
            count(*) FILTER (WHERE was_live AND is_changed)::int AS changed,
            count(*) FILTER (WHERE was_live AND NOT is_changed)::int AS unchanged
     FROM dataset_match`,
  )
  return rows[0] ?? { added: 0, changed: 0, unchanged: 0 }
}

/** The items that the staged rows became, in row order. */
export async function loadMatchedItemIds(client: Queryable): Promise<string[]> {
  const rows = await queryRows<{ id: string }>(client, `SELECT item_id::text AS id FROM dataset_match ORDER BY n`)
  return rows.map((row) => row.id)
}
