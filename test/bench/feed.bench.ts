/**
 * Measures what a change outside the window of a feed costs, in a large run against a small one, alternating in one
 * process: CPU time of this process and of the database's connections that read, from the commit of the change to the
 * delivery of its number. Meanwhile rows inside the window change, too. Exits with status 1 when the ratio misses its
 * bound, or a row is delivered that is outside the window or did not change.
 * `node test/bench/feed.bench.ts [items] [more items]`, default 1,000 and 100,000. Linux only: reads /proc.
 */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { RunFeedBatch } from '../../src/feed/run-feed.ts'
import { seedRuns } from './comparison-data.ts'
import { startBench } from './harness.ts'

const [small = 1_000, large = 100_000] = process.argv.slice(2).map(Number)
const bound = 1.2
const blocks = 10
const changesPerBlock = 15
/** Items outside the window per change: a batch of the recorder. */
const outside = 100
const window = { positions: { from: 0, to: 39 } }

await using bench = await startBench([])
const { db, feeds, scope } = bench
/** Changes are written on a connection whose CPU time does not count. */
const writer = await db.pool.connect()
const writerPid = (await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']))

/** CPU time of each connection when it was last there: one that the pool has closed must not take its own with it. */
const ticksOf = new Map<number, number>()

/** CPU milliseconds of this process and of the other connections to its database. */
async function cpuMs(): Promise<number> {
  const { rows } = await writer.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> $1`,
    [writerPid],
  )
  for (const { pid } of rows) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const [utime = 0, stime = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number)
    if (stat !== '') ticksOf.set(pid, utime + stime)
  }
  const ticks = [...ticksOf.values()].reduce((sum, one) => sum + one, 0)
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000 + (ticks / ticksPerSecond) * 1_000
}

class WindowedRun {
  readonly size: number
  readonly #runId: string
  readonly #feed: AsyncGenerator<RunFeedBatch>
  #changes = 0
  cpuMs = 0
  changedOutside = 0
  /** Deliveries that should not have been. */
  wrong = 0

  private constructor(size: number, runId: string, feed: AsyncGenerator<RunFeedBatch>) {
    this.size = size
    this.#runId = runId
    this.#feed = feed
  }

  static async open(size: number): Promise<WindowedRun> {
    const { runIds } = await seedRuns(db.pool, size, 1)
    const [runId = ''] = runIds
    await db.pool.query(`UPDATE run SET status = 'RUNNING', finished_at = NULL WHERE id = $1`, [runId])
    const feed = await feeds.subscribe(scope, runId, null, new AbortController().signal, { window })
    const { items } = (await feed.next()).value as RunFeedBatch
    if (items.length !== 40) throw new Error(`expected the 40 rows of the window, got ${items.length}`)
    return new WindowedRun(size, runId, feed)
  }

  /** Changes items outside, and one inside, and waits until that is delivered. */
  async change(): Promise<void> {
    this.#changes += 1
    const inside = this.#changes % 40
    await writer.query(
      `WITH run AS (
         UPDATE run SET seq = seq + $4 + 1 WHERE id = $1 RETURNING id, seq
       ), ordinal AS (
         SELECT $2::int AS ordinal UNION ALL
         SELECT 40 + ($3::int * $4::int + n) % ($5::int - 40) FROM generate_series(1, $4) n
       ), item AS (
         SELECT ordinal, row_number() OVER (ORDER BY ordinal) AS n FROM ordinal
       ), changed AS (
         UPDATE run_item i SET seq = run.seq - $4 - 1 + item.n FROM run, item
         WHERE i.run_id = run.id AND i.ordinal = item.ordinal
       )
       SELECT pg_notify('assay_run', id || ':' || seq) FROM run`,
      [this.#runId, inside, this.#changes, outside, this.size],
    )
    const before = await cpuMs()
    const { items, changedOutside } = (await this.#feed.next()).value as RunFeedBatch
    this.cpuMs += (await cpuMs()) - before
    this.changedOutside += changedOutside
    if (items.length !== 1 || items[0]?.ordinal !== inside) this.wrong += 1
  }

  async close(): Promise<void> {
    await this.#feed.return(undefined)
  }

  get usPerChange(): number {
    return (this.cpuMs * 1_000) / this.changedOutside
  }
}

const both = [await WindowedRun.open(small), await WindowedRun.open(large)] as const
// Warm-up: compiles everything and opens all connections.
for (const run of both) {
  for (let n = 0; n < changesPerBlock; n += 1) await run.change()
  run.cpuMs = 0
  run.changedOutside = 0
}
for (let block = 0; block < blocks; block += 1) {
  for (const run of block % 2 === 0 ? both : both.toReversed()) {
    for (let n = 0; n < changesPerBlock; n += 1) await run.change()
  }
}

let missed = 0
function check(what: string, ok: boolean): void {
  if (!ok) missed += 1
  console.log(`${ok ? 'ok    ' : 'MISSED'} ${what}`)
}
for (const run of both) {
  check(
    `${run.size} items: ${run.changedOutside} changes outside the window, ${run.usPerChange.toFixed(1)} µs of CPU each; ` +
      `${run.wrong} batches without exactly the row that changed inside (0)`,
    run.wrong === 0 && run.changedOutside === blocks * changesPerBlock * outside,
  )
  await run.close()
}
const ratio = both[1].usPerChange / both[0].usPerChange
check(`CPU per change outside at ${large} / at ${small}: ${ratio.toFixed(2)} (at most ${bound})`, ratio <= bound)
writer.release()
process.exitCode = missed > 0 ? 1 : 0
