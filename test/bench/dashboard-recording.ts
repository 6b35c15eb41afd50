/**
 * Records what a real server sends about a run of many items while its rows change: the documents are those of the page,
 * the rows are read by the real feed. Replayed, it is a stream of any speed and length that costs the server nothing.
 */
import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Payload } from '../../src/dashboard/data/resume.ts'
import type { Database } from '../../src/db/client.ts'

/** Row changes per second of the stream. */
export const changesPerSecond = 5_000
/** A batch of the recorder: rows that change at once. */
export const rowsPerTick = 500
export const tickMs = (rowsPerTick / changesPerSecond) * 1_000

export interface Recording {
  /** The changes of every tick, as JSON of the rows that the page selects. */
  ticks: { id: string; json: string }[][]
  /** What the feed of the run's head delivers, as JSON of `data`. */
  heads: string[]
}

interface Options {
  db: Database
  /** Of the server. */
  url: string
  /** Raw and as the API has it. */
  run: { rawId: string; id: string; items: number }
  /** As the page subscribed. */
  documents: { rows: Payload; head: Payload }
  ticks: number
  /** The first so many rows change with every tick: the worst for a page that shows them. */
  hot: number
}

interface RowBatch {
  runFeed: { cursor: string; items: { id: string }[] }
}

export async function record({ db, url, run, documents, ticks, hot }: Options): Promise<Recording> {
  const socket = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  })
  const recording: Recording = { ticks: [], heads: [] }
  const after = await currentCursor(url, run.id)
  const stopHead = follow(socket, documents.head, { runId: run.id, after }, (data) => {
    recording.heads.push(JSON.stringify(data))
  })
  let tick: { id: string; json: string }[] = []
  let arrived = () => {}
  const stopRows = follow<RowBatch>(socket, documents.rows, { runId: run.id, after }, ({ runFeed }) => {
    for (const item of runFeed.items) tick.push({ id: item.id, json: JSON.stringify(item) })
    if (tick.length >= rowsPerTick) arrived()
  })
  for (let n = 0; n < ticks; n++) {
    const complete = new Promise<void>((resolve) => {
      arrived = resolve
    })
    await changeRows(db, run, n, hot)
    await complete
    recording.ticks.push(tick)
    tick = []
  }
  stopHead()
  stopRows()
  await socket.dispose()
  return recording
}

function follow<Data>(
  socket: Client,
  { query }: Payload,
  variables: Record<string, unknown>,
  onData: (data: Data) => void,
) {
  return socket.subscribe<Data>(
    { query, variables },
    {
      next: ({ data, errors }) => {
        if (errors) throw new Error(errors.map(({ message }) => message).join('\n'))
        if (data) onData(data)
      },
      error: (error) => {
        throw error
      },
      complete: () => {},
    },
  )
}

async function currentCursor(url: string, id: string): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'query ($id: ID!) { run(id: $id) { cursor } }', variables: { id } }),
  })
  const { data } = (await response.json()) as { data: { run: { cursor: string } } }
  return data.run.cursor
}

/** The first rows, and others further and further down the schedule, end with another output, latency and score. */
async function changeRows(db: Database, run: Options['run'], tick: number, hot: number): Promise<void> {
  await db.pool.query(
    `WITH run AS (
       UPDATE run SET seq = seq + $3, queued = queued - $3 + $4, succeeded = succeeded + $3 - $4 WHERE id = $1
       RETURNING id, seq
     ), ordinal AS (
       SELECT generate_series(0, $4::int - 1) AS ordinal
       UNION ALL SELECT $4 + ($2::int * ($3 - $4) + n) % ($5::int - $4) FROM generate_series(0, $3::int - $4 - 1) n
     ), item AS (
       SELECT ordinal, row_number() OVER (ORDER BY ordinal) AS n FROM ordinal
     ), scored AS (
       UPDATE score s SET value = CASE s.name WHEN 'correct' THEN ($2 + s.ordinal) % 2 ELSE (($2 * 7 + s.ordinal) % 101) / 100.0 END
       FROM item WHERE s.run_id = $1 AND s.ordinal = item.ordinal
     ), changed AS (
       UPDATE run_item i SET seq = run.seq - $3 + item.n, status = 'SUCCEEDED', attempts = 1, latency_ms = 100 + ($2 * 13 + i.ordinal) % 97,
         output = to_jsonb('Answer ' || $2 || '. ' || repeat('The answer to that question is ', 3) || i.ordinal),
         started_at = now(), finished_at = now()
       FROM run, item WHERE i.run_id = run.id AND i.ordinal = item.ordinal
     )
     SELECT pg_notify('assay_run', id || ':' || seq) FROM run`,
    [run.rawId, tick, rowsPerTick, hot, run.items],
  )
}
