import type { Queryable } from '../../db/client.ts'
import { loadRunHead } from '../../db/sql/run/load-run-head.ts'
import { loadExportPage } from '../../db/sql/run-item/load-export-page.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import type { Json } from '../../domain/json/json.ts'
import {
  type ItemResultSeen,
  maxResultsCharacters,
  maxSeenCharacters,
  type RunResults,
} from '../../domain/run-results.ts'

const pageItems = 1_000

/**
 * The results of a run's items as an evaluator of the run sees them, read page by page: with its large texts left out, and
 * 32 million characters of JSON at most.
 * @returns null when the run is deleted
 * @throws {Error} the results are larger
 */
export async function loadRunResults(
  client: Queryable,
  runId: string,
  signal: AbortSignal,
): Promise<RunResults | null> {
  const head = await loadRunHead(client, runId)
  if (!head) return null
  const items: ItemResultSeen[] = []
  let characters = 0
  for (let after = -1; ; ) {
    signal.throwIfAborted()
    const { rows, cut } = await loadExportPage(client, runId, after, pageItems)
    for (const row of rows) {
      if (row.status !== 'SUCCEEDED' && row.status !== 'FAILED') continue
      const seen = seenOf(row)
      characters += JSON.stringify(seen).length
      if (characters > maxResultsCharacters) {
        throw new Error(
          `Expected results of at most ${maxResultsCharacters.toLocaleString('en')} characters of JSON, got more with item ${items.length + 1} of ${head.total}. Score the items, and the run by their mean.`,
        )
      }
      items.push(seen)
    }
    const last = rows.at(-1)
    if (!cut || !last) break
    after = last.ordinal
  }
  const { id, ...run } = head
  return { run: { id: encodeGlobalId('Run', id), ...run }, items }
}

function seenOf(row: Awaited<ReturnType<typeof loadExportPage>>['rows'][number]): ItemResultSeen {
  const omitted: string[] = []
  const short = (member: 'input' | 'output' | 'expectedOutput'): Json => {
    const value = row[member]
    if (JSON.stringify(value ?? null).length <= maxSeenCharacters) return value ?? null
    omitted.push(member)
    return null
  }
  const scores: ItemResultSeen['scores'] = {}
  for (const { name, source, value, label, error } of row.scores) {
    const given = value ?? label
    if (source === 'EVALUATOR' && error === null && given !== null) scores[name] = given
  }
  return {
    id: encodeGlobalId('DatasetItem', row.itemId),
    key: row.key,
    repetition: row.repetition,
    status: row.status as ItemResultSeen['status'],
    input: short('input'),
    output: short('output'),
    expectedOutput: short('expectedOutput'),
    metadata: row.metadata,
    tags: row.tags,
    error: row.error && { code: row.error.code, message: row.error.message },
    latencyMs: row.latencyMs,
    costUsd: row.costUsd,
    scores,
    ...(omitted.length > 0 && { omitted }),
  }
}
