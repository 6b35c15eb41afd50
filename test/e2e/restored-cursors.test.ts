/** Cursors from before a restore or copy, with the programs that administrators use for it. */
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { updateRun } from '../../src/engine/runs/update-run.ts'
import { databaseUrl } from '../helpers/database-url.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { makeTemporary } from '../helpers/spawn-assay.ts'
import {
  type SystemPostgres,
  startSystemPostgres,
  systemPostgres,
  withoutSystemPostgres,
} from '../helpers/system-postgres.ts'

let server: SystemPostgres

/** A database of the server, by name. */
const urlOf = (name: string) => databaseUrl(server.url, name)

async function execute(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

const open = (name: string) => createTestEngine({}, { url: urlOf(name), drop: async () => {} })

interface Subject {
  runId: string
  datasetId: string
}

const feeds = {
  runFeed: (t: TestEngine, { runId }: Subject, after: string | null, signal: AbortSignal) =>
    t.feeds.subscribe(t.scope, runId, after, signal),
  comparisonFeed: (t: TestEngine, { runId }: Subject, after: string | null, signal: AbortSignal) =>
    t.comparisons.subscribe(t.scope, { baselineId: runId, candidateIds: [runId] }, after, signal),
  datasetRuns: (t: TestEngine, { datasetId }: Subject, after: string | null, signal: AbortSignal) =>
    t.feeds.runs.subscribe(t.scope, { datasetId, after }, signal),
  runsFeed: (t: TestEngine, _subject: Subject, after: string | null, signal: AbortSignal) =>
    t.feeds.runs.subscribe(t.scope, { datasetId: null, after }, signal),
}
type FeedName = keyof typeof feeds
const feedNames = Object.keys(feeds) as FeedName[]

/** The cursor of the first batch. */
async function cursorOf(t: TestEngine, name: FeedName, subject: Subject, after: string | null): Promise<string> {
  const feed = await feeds[name](t, subject, after, AbortSignal.timeout(30_000))
  const { value } = await feed.next()
  await feed.return(undefined)
  return value.cursor
}

const cursorsOf = (t: TestEngine, subject: Subject) =>
  Promise.all(feedNames.map((name) => cursorOf(t, name, subject, null)))

describe.skipIf(!systemPostgres)(systemPostgres ? 'cursors' : withoutSystemPostgres, () => {
  beforeAll(async () => {
    server = await startSystemPostgres()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each<[string, (source: string, dump: string) => Promise<string>]>([
    [
      'pg_restore into an empty database',
      async (_source, dump) => {
        await execute('CREATE DATABASE empty')
        await server.run('pg_restore', '--no-owner', '--dbname', urlOf('empty'), dump)
        return 'empty'
      },
    ],
    [
      'pg_restore --clean into the same database',
      async (source, dump) => {
        await server.run('pg_restore', '--clean', '--if-exists', '--no-owner', '--dbname', urlOf(source), dump)
        return source
      },
    ],
    [
      'a copy with TEMPLATE',
      async (source) => {
        await execute(`CREATE DATABASE copy TEMPLATE ${source}`)
        return 'copy'
      },
    ],
  ])(
    'have expired after %s, from before the backup and from after it',
    async (how, restore) => {
      const source = how.replaceAll(/\W/g, '_').toLowerCase()
      await execute(`CREATE DATABASE ${source}`)
      await migrate(urlOf(source))
      const before = await open(source)
      const datasetId = await seedDataset(before, [1, 2])
      const experimentId = await seedExperiment(before, datasetId, { kind: 'module', name: 'none' })
      const subject = { datasetId, runId: (await startRun(before.services, before.scope, { experimentId })).id }
      const older = await cursorsOf(before, subject)
      const directory = await makeTemporary()
      const dump = join(directory, 'assay.dump')
      // Without the queue, as documented: --clean cannot drop the keys of its partitions.
      const options = ['--format', 'custom', '--exclude-schema', 'pgboss']
      await server.run('pg_dump', ...options, '--file', dump, '--dbname', urlOf(source))
      await updateRun(before.services, before.scope, { id: subject.runId, priority: 7 })
      const newer = await cursorsOf(before, subject)
      for (const [index, name] of feedNames.entries()) {
        expect(newer[index]).not.toBe(older[index])
        for (const cursors of [older, newer]) await cursorOf(before, name, subject, cursors[index] ?? '')
      }
      await before[Symbol.asyncDispose]()

      const after = await open(await restore(source, dump))
      onTestFinished(() => after[Symbol.asyncDispose]())
      for (const [index, name] of feedNames.entries()) {
        for (const cursor of [older[index] ?? '', newer[index] ?? '']) {
          await expect(cursorOf(after, name, subject, cursor), name).rejects.toMatchObject({
            code: 'CURSOR_EXPIRED',
            path: ['after'],
          })
        }
        await cursorOf(after, name, subject, await cursorOf(after, name, subject, null))
      }
    },
    60_000,
  )
})
