import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { emptyDatabase, migrationsBefore } from '../helpers/migrations.ts'

const MIGRATION = '20261125120000_keys_and_persons'

test('keys from before there were persons stay valid in their project, each as a person of its name', async () => {
  const url = await emptyDatabase()
  await migrate(url, { directory: await migrationsBefore(MIGRATION) })
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
