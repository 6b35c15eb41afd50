import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { emptyDatabase, migrationsBefore } from '../helpers/migrations.ts'

const MIGRATION = '20261126010000_metrics_not_additive'

test('gates and early stops from before metrics had kinds are about the same as then', async () => {
  const url = await emptyDatabase()
  await migrate(url, { directory: await migrationsBefore(MIGRATION) })
  const client = new Client({ connectionString: url })
  await client.connect()
  onTestFinished(() => client.end())
  const { rows: datasets } = await client.query(
    `INSERT INTO dataset (project_id, name, seed) SELECT id, 'd', 's' FROM project RETURNING id, project_id AS "projectId"`,
  )
  const { id: datasetId, projectId } = datasets[0]
  const limits = {
    maxFailureRate: 0.1,
    maxCostUsd: null,
    maxAvgCostUsd: null,
    maxAvgLatencyMs: 5,
    maxP95LatencyMs: null,
  }
  const gates = {
    full: {
      ...limits,
      minMeans: [
        { score: 'exact', value: 0.9 },
        { score: 'costUsd', value: 0 },
      ],
      notWorse: [
        { metric: 'exact', margin: 0.02 },
        { metric: 'latencyMs', margin: 100 },
        { metric: 'costUsd', margin: 0.1 },
        { metric: 'failed', margin: 1 },
      ],
    },
    empty: { ...limits, minMeans: [], notWorse: [] },
    none: null,
  }
  for (const [name, gate] of Object.entries(gates)) {
    await client.query(
      `INSERT INTO experiment (project_id, dataset_id, name, task, settings, gate, updated_at)
       VALUES ($1, $2, $3, '{}', '{}', $4, now())`,
      [projectId, datasetId, name, gate],
    )
  }
  for (const metric of ['exact', 'latencyMs', null]) {
    await client.query(
      `INSERT INTO run (project_id, experiment_id, dataset_id, dataset_version, name, seed, task, settings, total, queued, early_stop)
       SELECT $1, id, $2, 1, COALESCE($3, 'none'), 's', '{}', '{}', 0, 0, $4 FROM experiment WHERE name = 'none'`,
      [projectId, datasetId, metric, metric && { baselineId: 'b', metric, margin: 0.5 }],
    )
  }

  expect((await migrate(url)).applied).toContain(MIGRATION)

  const score = (name: string) => ({ kind: 'SCORE', name, source: null })
  const { rows: experiments } = await client.query('SELECT name, gate FROM experiment')
  expect(Object.fromEntries(experiments.map(({ name, gate }) => [name, gate]))).toEqual({
    full: {
      ...limits,
      minMeans: [
        { metric: score('exact'), value: 0.9 },
        { metric: score('costUsd'), value: 0 },
      ],
      notWorse: [
        { metric: score('exact'), margin: 0.02 },
        { metric: { kind: 'LATENCY' }, margin: 100 },
        { metric: { kind: 'COST' }, margin: 0.1 },
        { metric: score('failed'), margin: 1 },
      ],
    },
    empty: gates.empty,
    none: null,
  })
  const { rows: runs } = await client.query('SELECT name, early_stop AS "earlyStop" FROM run')
  expect(Object.fromEntries(runs.map(({ name, earlyStop }) => [name, earlyStop]))).toEqual({
    exact: { baselineId: 'b', metric: score('exact'), margin: 0.5 },
    latencyMs: { baselineId: 'b', metric: score('latencyMs'), margin: 0.5 },
    none: null,
  })
})
