import { expect, test } from 'vitest'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, seedDataset, seedExperiment } from '../../helpers/engine.ts'

test('a page of the first run of a database is read from the primary key, not sorted out of the whole run', async () => {
  await using t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
  const dataset = await seedDataset(
    t,
    Array.from({ length: 2_000 }, (_, n) => n),
  )
  const { id } = await startRun(t.services, t.scope, {
    experimentId: await seedExperiment(t, dataset, { kind: 'module', name: 'echo' }),
  })
  const { rows } = await t.db.pool.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT * FROM run_item WHERE run_id = '${id}' ORDER BY ordinal LIMIT 51`,
  )
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  expect(plan).toContain('Index Scan using run_item_pkey')
  expect(plan).not.toContain('Sort')
})
