/** A throwaway server with all features and full durability, for benchmarks that run as plain programs. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Database, openDatabase } from '../../src/db/client.ts'
import { Listener } from '../../src/db/listener.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openQueue } from '../../src/db/queue.ts'
import { RunChanges } from '../../src/db/run-changes.ts'
import type { ModuleTask } from '../../src/domain/execution/modules.ts'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import type { Scope } from '../../src/domain/scope.ts'
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts'
import { ComparisonSequences } from '../../src/engine/comparison/sequences.ts'
import type { Services } from '../../src/engine/services.ts'
import { ComparisonFeeds } from '../../src/feed/comparison-feed.ts'
import { RunFeeds } from '../../src/feed/run-feed.ts'
import { openHttpClient } from '../../src/tasks/http-client.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { noTracing } from '../../src/telemetry/tracing.ts'
import { inThisProcess } from '../helpers/functions.ts'
import { testScope } from '../helpers/scope.ts'

export interface Bench extends AsyncDisposable {
  url: string
  db: Database
  services: Services
  listener: Listener
  feeds: RunFeeds
  comparisons: ComparisonFeeds
  scope: Scope
}

export async function startBench(tasks: ModuleTask[]): Promise<Bench> {
  const dataDir = await mkdtemp(join(tmpdir(), 'assay-bench-'))
  const server = await startEmbeddedPostgres({ dataDir })
  await migrate(server.url)
  const db = openDatabase(server.url)
  const log = pino({ level: process.env.LOG_LEVEL ?? 'warn' }, pino.destination(2))
  const boss = await openQueue(db, (error) => log.warn({ err: error }))
  const listener = await new Listener(server.url).start()
  const functions = inThisProcess({ tasks })
  const { id } = await db.prisma.project.findFirstOrThrow()
  const changes = new RunChanges(listener, db.pool)
  const http = openHttpClient({ allowPrivate: true })
  return {
    url: server.url,
    db,
    services: { db, boss, functions, http, secrets: null, env: {}, log, metrics: new Metrics(), tracing: noTracing },
    listener,
    feeds: new RunFeeds(db, changes),
    comparisons: new ComparisonFeeds(db, changes, new ComparisonSequences(db)),
    scope: await testScope(db, id),
    async [Symbol.asyncDispose]() {
      changes.stop()
      await http.close()
      await boss.stop({ graceful: false })
      await listener.close()
      await db.close()
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A dataset of `size` items with realistic inputs, and its experiment. @param task a function's name, or any task */
export async function seedBench(
  { db, scope }: Bench,
  size: number,
  task: string | TaskSpec,
  settings: object,
): Promise<string> {
  const dataset = await db.prisma.dataset.create({
    data: { projectId: scope.projectId, name: `bench ${randomUUID()}`, seed: 'bench', version: 1, itemCount: size },
  })
  await db.pool.query(
    `WITH item AS (
       INSERT INTO dataset_item (dataset_id, identity) SELECT $1, 'key:' || n FROM generate_series(1, $2) n RETURNING id
     )
     INSERT INTO dataset_item_revision (item_id, dataset_id, valid_from, input, expected_output, tags, digest)
     SELECT id, $1, 1, jsonb_build_object('question', repeat('How many are left of ' || id || '? ', 5)),
       jsonb_build_object('question', repeat('How many are left of ' || id || '? ', 5)), '{}', ''::bytea
     FROM item`,
    [dataset.id, size],
  )
  await db.pool.query('ANALYZE dataset_item, dataset_item_revision')
  const experiment = await db.prisma.experiment.create({
    data: {
      projectId: scope.projectId,
      datasetId: dataset.id,
      name: dataset.name,
      task: typeof task === 'string' ? { kind: 'module', name: task } : JSON.parse(JSON.stringify(task)),
      settings,
    },
  })
  return experiment.id
}
