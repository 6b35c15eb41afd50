import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../helpers/database.ts'
import { schemaDiff } from '../helpers/prisma-engine.ts'

test('the migrated database matches schema.prisma', async () => {
  expect(await schemaDiff(await databaseAfter())).toBe('')
})

test.each([
  ['a missing column', 'ALTER TABLE run DROP COLUMN description', /ADD COLUMN +"description" TEXT/],
  ['an extra column', 'ALTER TABLE run ADD COLUMN mood TEXT', /DROP COLUMN "mood"/],
  ['a nullable column', 'ALTER TABLE run ALTER name DROP NOT NULL', /ALTER COLUMN "name" SET NOT NULL/],
  ['a required column', 'ALTER TABLE run ALTER description SET NOT NULL', /ALTER COLUMN "description" DROP NOT NULL/],
  ['another type', 'ALTER TABLE run ALTER total TYPE bigint', /ALTER COLUMN "total" SET DATA TYPE INTEGER/],
  ['another default', 'ALTER TABLE run ALTER seq SET DEFAULT 1', /ALTER COLUMN "seq" SET DEFAULT 0/],
  ['an extra table', 'CREATE TABLE mood (id INT PRIMARY KEY)', /DROP TABLE "mood"/],
  ['an extra enum value', `ALTER TYPE "Role" ADD VALUE 'GUEST'`, /"Role"/],
  ['a missing unique index', 'DROP INDEX project_name_key', /CREATE UNIQUE INDEX "project_name_key"/],
  ['a missing primary key', 'ALTER TABLE run_lane DROP CONSTRAINT run_lane_pkey', /ADD CONSTRAINT "run_lane_pkey"/],
  ['a missing foreign key', 'ALTER TABLE run_lane DROP CONSTRAINT run_lane_run_id_fkey', /FOREIGN KEY \("run_id"\)/],
])('%s in the database is reported', async (_what, change, repair) => {
  expect(await schemaDiff(await databaseAfter(change))).toMatch(repair)
})

/** The URL of a migrated database with a later manual change. */
async function databaseAfter(change = ''): Promise<string> {
  const { url, drop } = await createTestDatabase()
  onTestFinished(drop)
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(change)
  await client.end()
  return url
}
