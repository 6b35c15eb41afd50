/** An engine on its own database, with workers that the test starts. */
import { randomBytes, randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { type Database, openDatabase } from '../../src/db/client.ts'
import type { Score } from '../../src/db/generated/prisma/client.ts'
import { Listener } from '../../src/db/listener.ts'
import { openQueue } from '../../src/db/queue.ts'
import { RunChanges } from '../../src/db/run-changes.ts'
import type { ListedRunItem } from '../../src/db/sql/run-item/listed-columns.ts'
import type { ShownRunItem } from '../../src/db/sql/run-item/run-item-columns.ts'
import { parseScores } from '../../src/db/sql/score/load-scores.ts'
import { announceWorker } from '../../src/db/sql/worker/announce-worker.ts'
import type { ModuleEvaluator, ModuleTask, RunEvaluator } from '../../src/domain/execution/modules.ts'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { defaultRunSettings, type RunSettings } from '../../src/domain/run.ts'
import type { Scope } from '../../src/domain/scope.ts'
import { ComparisonSequences } from '../../src/engine/comparison/sequences.ts'
import { Worker, type WorkerOptions } from '../../src/engine/execution/worker.ts'
import { SecretBox } from '../../src/engine/secrets/secret-box.ts'
import type { Services } from '../../src/engine/services.ts'
import { ComparisonFeeds } from '../../src/feed/comparison-feed.ts'
import { RunFeeds } from '../../src/feed/run-feed.ts'
import { openHttpClient } from '../../src/tasks/http-client.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { noTracing } from '../../src/telemetry/tracing.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { inThisProcess } from './functions.ts'
import { testKey } from './model-call.ts'
import { testScope } from './scope.ts'

export interface TestEngine extends AsyncDisposable {
  services: Services
  db: Database
  scope: Scope
  feeds: RunFeeds
  comparisons: ComparisonFeeds
  listener: Listener
  startWorker(options?: WorkerOptions): Promise<Worker>
}

export async function createTestEngine(
  modules: { tasks?: ModuleTask[]; evaluators?: (ModuleEvaluator | RunEvaluator)[] } = {},
  existing?: TestDatabase,
): Promise<TestEngine> {
  const database = existing ?? (await createTestDatabase())
  const db = openDatabase(database.url)
  const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' })
  const boss = await openQueue(db, (error) => log.warn({ err: error }, 'queue'))
  const listener = await new Listener(database.url).start()
  const functions = inThisProcess(modules)
  const { registered } = functions
  const known = [...registered.tasks.values(), ...registered.evaluators.values()]
  // As by a worker that is always there: most tests start one only when they need its runs to be executed.
  const worker = { id: randomUUID(), name: 'test', functions: known, problem: null }
  if (known.length > 0) await announceWorker(db.pool, worker, 3_600)
  const metrics = new Metrics()
  const http = openHttpClient({ allowPrivate: true })
  const secrets = new SecretBox(randomBytes(32))
  const env = { TEST_API_KEY: testKey }
  const services: Services = { db, boss, functions, http, secrets, env, log, metrics, tracing: noTracing }
  const project = await db.prisma.project.findUniqueOrThrow({ where: { name: 'default' } })
  const changes = new RunChanges(listener, db.pool)
  const workers: Worker[] = []
  return {
    services,
    db,
    scope: await testScope(db, project.id),
    feeds: new RunFeeds(db, changes),
    comparisons: new ComparisonFeeds(db, changes, new ComparisonSequences(db)),
    listener,
    async startWorker(options) {
      const worker = new Worker(services, listener, options).start()
      workers.push(worker)
      await worker.announced
      return worker
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.stop()))
      changes.stop()
      await http.close()
      await boss.stop({ graceful: false })
      await listener.close()
      await db.close()
      await database.drop()
    },
  }
}

/** A dataset of items with these inputs; the expected outputs default to the inputs. */
export async function seedDataset(
  { db, scope }: TestEngine,
  inputs: Json[],
  {
    tags = () => [],
    metadata = () => null,
  }: { tags?: (index: number) => string[]; metadata?: (index: number) => Json } = {},
): Promise<string> {
  const { id } = await db.prisma.dataset.create({
    data: { projectId: scope.projectId, name: randomUUID(), seed: 'seed', version: 1, itemCount: inputs.length },
  })
  await db.pool.query(
    `WITH source AS (SELECT * FROM jsonb_to_recordset($2::jsonb) AS s (n int, input jsonb, metadata jsonb, tags text[])),
     item AS (
       INSERT INTO dataset_item (dataset_id, identity) SELECT $1, 'key:' || n FROM source ORDER BY n RETURNING id, identity
     )
     INSERT INTO dataset_item_revision (item_id, dataset_id, valid_from, input, expected_output, metadata, tags, digest)
     SELECT item.id, $1, 1, input, input, NULLIF(metadata, 'null'), tags, ''::bytea FROM item JOIN source ON item.identity = 'key:' || source.n`,
    [id, JSON.stringify(inputs.map((input, n) => ({ n, input, metadata: metadata(n), tags: tags(n) })))],
  )
  return id
}

export async function seedExperiment(
  { db, scope }: TestEngine,
  datasetId: string,
  task: TaskSpec,
  settings: Partial<RunSettings> = {},
): Promise<string> {
  const { id } = await db.prisma.experiment.create({
    data: {
      projectId: scope.projectId,
      datasetId,
      name: randomUUID(),
      task: JSON.parse(JSON.stringify(task)),
      settings: { ...defaultRunSettings, ...settings },
    },
  })
  return id
}

/** An item of a feed that leaves nothing out. */
type WithScores = ShownRunItem & { scores: Score[] }

export function withScores({ listedScores = [], ...item }: ListedRunItem): WithScores {
  return { ...item, scores: parseScores(listedScores, item) } as WithScores
}

/** Follows the run's feed to its end. @returns the final items by ordinal, and the run of the last batch */
export async function followRun({ feeds, scope }: TestEngine, runId: string, after: string | null = null) {
  const items = new Map<number, WithScores>()
  const batches = await feeds.subscribe(scope, runId, after, AbortSignal.timeout(150_000))
  for await (const batch of batches) {
    for (const item of batch.items) items.set(item.ordinal, withScores(item))
    if (!batch.run) throw new Error('the run was deleted')
    if (batch.done) return { items, run: batch.run, cursor: batch.cursor }
  }
  throw new Error('the feed ended before the run did')
}
