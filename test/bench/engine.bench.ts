/**
 * The whole engine, durable, scored and watched, against the same rows inserted by raw batched SQL in the same run.
 * Prints items/s, the ratio, the process' CPU per item, and how both change from 10,000 to 100,000 items.
 */
import { defaultRunSettings } from '../../src/domain/run.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { startRun } from '../../src/engine/start-run.ts'
import { Worker } from '../../src/engine/worker.ts'
import { type Bench, seedBench, startBench } from './harness.ts'

const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0) sizes.push(10_000, 100_000)

const bench = await startBench([{ name: 'echo', run: (input) => input }])
await createEvaluator(bench.engine, bench.scope, {
  name: 'exact',
  definition: {
    kind: 'builtin',
    type: 'jsonEquals',
    ignoreArrayOrder: false,
    outputPath: null,
    expectedPath: null,
  },
})
const worker = new Worker(bench.engine, bench.listener).start()

/** One statement a batch for the finished items, one for their scores: the least that stores the same rows. */
async function raw({ db }: Bench, runId: string, batch: number): Promise<number> {
  const { rows: items } = await db.pool.query('SELECT * FROM run_item WHERE run_id = $1 ORDER BY ordinal', [runId])
  const { rows: scores } = await db.pool.query('SELECT * FROM score WHERE run_id = $1 ORDER BY ordinal', [runId])
  await db.pool.query(
    `INSERT INTO run SELECT r.* FROM run, jsonb_populate_record(run, jsonb_build_object('id', gen_random_uuid(), 'idempotency_key', NULL)) r
     WHERE run.id = $1`,
    [runId],
  )
  const copy = await db.pool.query<{ id: string }>('SELECT id FROM run WHERE id <> $1 ORDER BY ctid DESC LIMIT 1', [runId])
  const id = copy.rows[0]?.id
  const startedAt = performance.now()
  for (let from = 0; from < items.length; from += batch) {
    const itemRows = items.slice(from, from + batch).map((row) => ({ ...row, run_id: id }))
    const scoreRows = scores.slice(from, from + batch).map((row) => ({ ...row, run_id: id }))
    const client = await db.pool.connect()
    await client.query('BEGIN')
    await client.query('INSERT INTO run_item SELECT * FROM jsonb_populate_recordset(NULL::run_item, $1)', [
      JSON.stringify(itemRows),
    ])
    await client.query(
      `INSERT INTO score SELECT (jsonb_populate_record(s, jsonb_build_object('id', nextval('score_id_seq')))).*
       FROM jsonb_populate_recordset(NULL::score, $1) s`,
      [JSON.stringify(scoreRows)],
    )
    await client.query('COMMIT')
    client.release()
  }
  const seconds = (performance.now() - startedAt) / 1_000
  await db.pool.query('DELETE FROM run WHERE id = $1', [id])
  return items.length / seconds
}

async function engine({ engine, feeds, scope }: Bench, experimentId: string, size: number) {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const { id } = await startRun(engine, scope, { experimentId })
  const seen = new Set<number>()
  let peak = 0
  for await (const batch of feeds.subscribe(scope, id, null, AbortSignal.timeout(600_000))) {
    for (const item of batch.items) if (item.status === 'SUCCEEDED') seen.add(item.ordinal)
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  if (seen.size !== size) throw new Error(`the subscriber saw ${seen.size} of ${size} items`)
  return { runId: id, rate: size / seconds, cpuMs: (user + system) / 1_000 / size, peakMb: peak / 2 ** 20 }
}

const settings = { ...defaultRunSettings, concurrency: 50 }
await engine(bench, await seedBench(bench, 2_000, 'echo', settings), 2_000)
const perItem: number[] = []
for (const size of sizes) {
  const experimentId = await seedBench(bench, size, 'echo', settings)
  const ours = await engine(bench, experimentId, size)
  const bare = Math.max(await raw(bench, ours.runId, 100), await raw(bench, ours.runId, 500))
  perItem.push(1 / ours.rate)
  console.log(
    `${size} items: engine ${ours.rate.toFixed(0)}/s, raw SQL ${bare.toFixed(0)}/s, ratio ${(ours.rate / bare).toFixed(2)}` +
      `, CPU ${ours.cpuMs.toFixed(3)} ms/item, peak ${ours.peakMb.toFixed(0)} MB`,
  )
}
const [first, last] = [perItem[0], perItem.at(-1)]
if (first && last && perItem.length > 1) {
  console.log(`cost per item at ${sizes.at(-1)} / at ${sizes[0]}: ${(last / first).toFixed(2)}`)
}
await worker.stop()
await bench[Symbol.asyncDispose]()
