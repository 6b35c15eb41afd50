import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { createTestDatabase } from '../helpers/database.ts'

const MIGRATIONS = join(import.meta.dirname, '../../prisma/migrations')
const MIGRATION = '20261126020000_run_figures'

test('runs from before have their failures by code and the extremes of their scores, also after later migrations', async () => {
  const { url, drop } = await createTestDatabase('template0')
  onTestFinished(drop)
  const earlier = await mkdtemp(join(tmpdir(), 'assay-migrations-'))
  onTestFinished(() => rm(earlier, { recursive: true }))
  for (const name of await readdir(MIGRATIONS)) {
    if (name < MIGRATION) await cp(join(MIGRATIONS, name), join(earlier, name), { recursive: true })
  }
  await migrate(url, { directory: earlier })
  const client = new Client({ connectionString: url })
  await client.connect()
  onTestFinished(() => client.end())
  await client.query(`
    WITH dataset AS (INSERT INTO dataset (project_id, name, seed) SELECT id, 'd', 's' FROM project RETURNING id, project_id),
    experiment AS (
      INSERT INTO experiment (project_id, dataset_id, name, task, settings)
      SELECT project_id, id, 'e', '{}', '{}' FROM dataset RETURNING id, dataset_id, project_id
    )
    INSERT INTO run (project_id, dataset_id, experiment_id, dataset_version, name, status, seed, task, settings, total, queued,
                     succeeded, failed)
    SELECT project_id, dataset_id, id, 1, name, 'COMPLETED', 's', '{}', '{}', 4, 0, 4 - failed, failed
    FROM experiment, (VALUES ('failing', 3), ('fine', 0)) AS run (name, failed)`)
  await client.query(`
    WITH item AS (
      INSERT INTO dataset_item (dataset_id, identity) SELECT id, 'key:' || n FROM dataset, generate_series(0, 3) n RETURNING id
    )
    INSERT INTO run_item (run_id, ordinal, item_id, position, repetition, status, error)
    SELECT run.id, n, item.id, n, 0, state::"RunItemStatus", error::jsonb
    FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM item) item
    JOIN (VALUES (0, 'FAILED', '{"code": "TIMEOUT"}'), (1, 'FAILED', '{"code": "TIMEOUT"}'),
      (2, 'FAILED', '{"code": "HTTP_STATUS"}'), (3, 'SUCCEEDED', NULL)) AS given (n, state, error) USING (n), run
    WHERE run.name = 'failing'`)
  await client.query(`
    INSERT INTO score (run_id, ordinal, name, data_type, value, source)
    SELECT id, ordinal, 'length', 'NUMERIC', value, 'API' FROM run, (VALUES (0, 2), (1, -3.5), (NULL, 99)) AS s (ordinal, value)
    WHERE name = 'failing'`)
  await client.query(`
    INSERT INTO run_score_summary (run_id, name, data_type, direction, count, sum)
    SELECT id, 'length', 'NUMERIC', 'NONE', 2, -1.5 FROM run WHERE name = 'failing'`)

  expect((await migrate(url)).applied).toContain(MIGRATION)
  const runs = await client.query('SELECT name, failures FROM run ORDER BY name')
  expect(runs.rows).toEqual([
    { name: 'failing', failures: { TIMEOUT: 2, HTTP_STATUS: 1 } },
    { name: 'fine', failures: {} },
  ])
  expect((await client.query('SELECT min, max FROM run_score_summary')).rows).toEqual([{ min: -3.5, max: 2 }])
})
