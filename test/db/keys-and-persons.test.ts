import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { createTestDatabase } from '../helpers/database.ts'

const MIGRATIONS = join(import.meta.dirname, '../../prisma/migrations')
const MIGRATION = '20261125120000_keys_and_persons'

test('keys from before there were persons stay valid in their project, each as a person of its name', async () => {
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
  await client.query(
    `INSERT INTO api_key (project_id, name, role, prefix, sha256)
     SELECT id, key.name, 'WRITE', 'assay_', key.sha256::bytea
     FROM project, (VALUES ('ci', '\\x01'), ('ci', '\\x02'), ('laptop', '\\x03')) AS key (name, sha256)`,
  )
  expect((await migrate(url)).applied).toContain(MIGRATION)
  // By a process from before, which may go on working.
  await client.query(
    `INSERT INTO api_key (project_id, name, role, prefix, sha256) SELECT id, 'late', 'READ', 'assay_', '\\x04' FROM project`,
  )
  const { rows } = await client.query(
    `SELECT api_key.name, person.name AS person, project.name AS project
     FROM api_key JOIN person ON person.id = person_id LEFT JOIN project ON project.id = person.project_id
     ORDER BY api_key.sha256`,
  )
  expect(rows).toEqual([
    ...['ci', 'ci', 'laptop'].map((name) => ({ name, person: name, project: 'default' })),
    { name: 'late', person: 'local', project: null },
  ])
})
