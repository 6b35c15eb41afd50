import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { emptyDatabase, migrationsDirectory, rows } from '../helpers/migrations.ts'

const directory = join(import.meta.dirname, '../../prisma/migrations')
const migration = '20261126010000_run_inputs'

/** Evaluators by name: whether they are active, and the dataset that they are limited to. */
const evaluators = { active: [true, null], here: [true, 'here'], there: [true, 'there'], idle: [false, null] } as const
/** What experiments of the dataset `here` named until now, besides which the active ones scored their runs. */
const experiments = { none: [], fewer: ['here'], idle: ['idle'], there: ['there', 'idle'] }

test('runs of experiments from before are scored by the same evaluators', async () => {
  const url = await emptyDatabase()
  const earlier: Record<string, string> = {}
  for (const name of (await readdir(directory)).filter((one) => one < migration)) {
    earlier[name] = await readFile(join(directory, name, 'migration.sql'), 'utf8')
  }
  await migrate(url, { directory: await migrationsDirectory(earlier) })
  const project = '(SELECT id FROM project)'
  const named = (table: string, name: string) => `(SELECT id FROM ${table} WHERE name = '${name}')`
  const statements = [
    ...['here', 'there'].map(
      (name) => `INSERT INTO dataset (project_id, name, seed) VALUES (${project}, '${name}', 's')`,
    ),
    ...Object.entries(evaluators).flatMap(([name, [active, dataset]]) => [
      `INSERT INTO evaluator (project_id, name, active) VALUES (${project}, '${name}', ${active})`,
      `INSERT INTO evaluator_version (evaluator_id, version, definition, data_type, direction)
       VALUES (${named('evaluator', name)}, 1, '{}', 'NUMERIC', 'NONE')`,
      ...(dataset === null
        ? []
        : [`INSERT INTO evaluator_dataset VALUES (${named('evaluator', name)}, ${named('dataset', dataset)})`]),
    ]),
    ...Object.entries(experiments).flatMap(([name, names]) => [
      `INSERT INTO experiment (project_id, dataset_id, name, task, settings)
       VALUES (${project}, ${named('dataset', 'here')}, '${name}', '{}', '{}')`,
      ...names.map(
        (one) => `INSERT INTO experiment_evaluator VALUES (${named('experiment', name)}, ${named('evaluator', one)})`,
      ),
    ]),
  ]
  await rows(url, `BEGIN; ${statements.join(';\n')}; COMMIT`)
  expect((await migrate(url)).applied).toContain(migration)
  expect(
    await rows(
      url,
      `SELECT e.name, evaluators_named AS named, array_agg(v.name ORDER BY v.name) FILTER (WHERE v.name IS NOT NULL) AS evaluators
       FROM experiment e LEFT JOIN experiment_evaluator x ON x.experiment_id = e.id LEFT JOIN evaluator v ON v.id = x.evaluator_id
       GROUP BY e.id ORDER BY e.name`,
    ),
  ).toEqual([
    { name: 'fewer', named: false, evaluators: null },
    { name: 'idle', named: true, evaluators: ['active', 'here', 'idle'] },
    { name: 'none', named: false, evaluators: null },
    { name: 'there', named: true, evaluators: ['active', 'here', 'idle', 'there'] },
  ])
})
