import type { RunItemStatus } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { channels } from '../../listener.ts'
import { queryRows } from '../../query-rows.ts'
import type { RunItemKey } from './load-run-items.ts'

/** What a model has written so far in an attempt at an item. */
export interface LiveText extends RunItemKey {
  attempt: number
  text: string
  /** Whether the text is only the beginning. */
  truncated: boolean
}

/**
 * Replaces the texts of these items, except by those of earlier attempts: a worker that has lost an item may still
 * write. Readers are notified, some hundred items a message.
 */
export async function writeLiveTexts(client: Queryable, texts: readonly LiveText[]): Promise<void> {
  await client.query(
    `WITH written AS (
       INSERT INTO run_item_text (run_id, ordinal, attempt, text, truncated, updated_at)
       SELECT *, statement_timestamp() FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::boolean[])
       ON CONFLICT (run_id, ordinal) DO UPDATE
       SET attempt = excluded.attempt, text = excluded.text, truncated = excluded.truncated, updated_at = excluded.updated_at
       WHERE run_item_text.attempt <= excluded.attempt
       RETURNING run_id, ordinal
     ), numbered AS (SELECT run_id, ordinal, row_number() OVER () / 100 AS part FROM written)
     SELECT pg_notify('${channels.text}', string_agg(run_id || ':' || ordinal, ' ')) FROM numbered GROUP BY part`,
    [
      texts.map(({ runId }) => runId),
      texts.map(({ ordinal }) => ordinal),
      texts.map(({ attempt }) => attempt),
      texts.map(({ text }) => text),
      texts.map(({ truncated }) => truncated),
    ],
  )
}

/** A reader's place: it has so many characters of the text of this attempt. */
export interface TextPlace extends RunItemKey {
  attempt: number
  characters: number
}

export interface TextAfterPlace extends RunItemKey {
  place: Pick<TextPlace, 'attempt' | 'characters'>
  status: RunItemStatus
  /** Attempts that began. */
  attempts: number
  /** The attempt that the text is of; null while nothing is written. */
  attempt: number | null
  /** After the place; all of it when it is of another attempt. */
  text: string
  truncated: boolean
}

/** The items with what was written after each place. Items that are gone are absent. */
export function readLiveTexts(client: Queryable, places: readonly TextPlace[]): Promise<TextAfterPlace[]> {
  return queryRows<TextAfterPlace>(
    client,
    `SELECT jsonb_build_object('attempt', p.attempt, 'characters', p.characters) AS place,
            i.run_id AS "runId", i.ordinal, i.status, i.attempts, t.attempt, COALESCE(t.truncated, false) AS truncated,
            COALESCE(CASE WHEN t.attempt = p.attempt THEN substr(t.text, p.characters + 1) ELSE t.text END, '') AS text
     FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) AS p (run_id, ordinal, attempt, characters)
     JOIN run_item i ON i.run_id = p.run_id AND i.ordinal = p.ordinal
     LEFT JOIN run_item_text t ON t.run_id = p.run_id AND t.ordinal = p.ordinal`,
    [
      places.map(({ runId }) => runId),
      places.map(({ ordinal }) => ordinal),
      places.map(({ attempt }) => attempt),
      places.map(({ characters }) => characters),
    ],
  )
}

/** Removes texts that nobody has written to for ten minutes. */
export async function deleteOldTexts(client: Queryable): Promise<void> {
  await client.query(`DELETE FROM run_item_text WHERE updated_at < statement_timestamp() - interval '10 minutes'`)
}

/** Tells the workers that somebody watches these items. */
export async function announceWatched(client: Queryable, keys: readonly string[]): Promise<void> {
  await client.query('SELECT pg_notify($1, part) FROM unnest($2::text[]) AS part', [channels.watch, chunks(keys)])
}

/** As texts of some hundred keys each. */
function chunks(keys: readonly string[], size = 100): string[] {
  return Array.from({ length: Math.ceil(keys.length / size) }, (_, n) => keys.slice(n * size, (n + 1) * size).join(' '))
}
