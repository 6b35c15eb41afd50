import type { TaskSpec } from '../../../domain/execution/task.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { PrimaryMetrics } from '../../../domain/primary-metrics.ts'
import type { RunSettings } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { type Experiment, Prisma } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'

export interface NewExperiment {
  projectId: string
  datasetId: string
  name: string
  description: string | null
  metadata: Json
  task: TaskSpec
  /** The prompt that the task refers to; null for none. */
  promptId: string | null
  settings: RunSettings
  primaryMetrics: PrimaryMetrics | null
  /** Whether exactly `evaluatorIds` score its runs. */
  evaluatorsNamed: boolean
  evaluatorIds: readonly string[]
}

/** Inserts an experiment with its evaluators; null if the project has no such dataset. */
export async function insertExperiment(client: Queryable, experiment: NewExperiment): Promise<Experiment | null> {
  const { metadata, task, settings } = experiment
  const [row] = await queryRows<Experiment>(
    client,
    `WITH created AS (
       INSERT INTO experiment (project_id, dataset_id, name, description, metadata, task, prompt_id, settings,
         evaluators_named, primary_metrics)
       SELECT d.project_id, d.id, $3, $4, $5, $6, $7, $8, $9, $11 FROM dataset d WHERE d.project_id = $1 AND d.id = $2
       FOR KEY SHARE
       RETURNING *
     ), named AS (
       INSERT INTO experiment_evaluator (experiment_id, evaluator_id)
       SELECT created.id, named.id FROM created, unnest($10::uuid[]) AS named (id)
     )
     SELECT ${columns('created', Prisma.ExperimentScalarFieldEnum)} FROM created`,
    [
      experiment.projectId,
      experiment.datasetId,
      experiment.name,
      experiment.description,
      metadata === null ? null : JSON.stringify(metadata),
      JSON.stringify(task),
      experiment.promptId,
      JSON.stringify(settings),
      experiment.evaluatorsNamed,
      experiment.evaluatorIds,
      experiment.primaryMetrics && JSON.stringify(experiment.primaryMetrics),
    ],
  )
  return row ?? null
}
