/** The types that refer to each other, by name; each is described in the file of its domain. */
import type { ObjectRef } from '@pothos/core'
import type {
  Dataset as DatasetRow,
  DatasetVersion,
  EndpointLimit as EndpointLimitRow,
  Experiment as ExperimentRow,
  Project as ProjectRow,
  RunItem as RunItemRow,
  Run as RunRow,
  Score as ScoreRow,
} from '../src/db/generated/prisma/client.ts'
import type { EvaluatorRow } from '../src/db/sql/evaluator/evaluator-row.ts'
import type { DatasetItemRow } from '../src/engine/datasets/load-items.ts'
import { builder } from './builder.ts'

export const ProjectRef = builder.objectRef<ProjectRow>('Project')
export const DatasetRef = builder.objectRef<DatasetRow>('Dataset')
export const DatasetItemRef = builder.objectRef<DatasetItemRow>('DatasetItem')
export const DatasetVersionRef = builder.objectRef<DatasetVersion>('DatasetVersion')
export const ExperimentRef = builder.objectRef<ExperimentRow>('Experiment')
export const RunRef = builder.objectRef<RunRow>('Run')
/** A feed brings the scores of its items along; elsewhere they are loaded when asked for. */
export const RunItemRef = builder.objectRef<RunItemRow & { scores?: ScoreRow[] }>('RunItem')
export const ScoreRef = builder.objectRef<ScoreRow>('Score')
export const EndpointLimitRef = builder.objectRef<EndpointLimitRow>('EndpointLimit')
export const EvaluatorRef = builder.objectRef<EvaluatorRow>('Evaluator')

export const DatasetConnection = connectionOf('Dataset', DatasetRef)
export const DatasetItemConnection = connectionOf('DatasetItem', DatasetItemRef)
export const DatasetVersionConnection = connectionOf('DatasetVersion', DatasetVersionRef)
export const ExperimentConnection = connectionOf('Experiment', ExperimentRef)
export const RunConnection = connectionOf('Run', RunRef)
export const RunItemConnection = connectionOf('RunItem', RunItemRef)
export const EndpointLimitConnection = connectionOf('EndpointLimit', EndpointLimitRef)
export const EvaluatorConnection = connectionOf('Evaluator', EvaluatorRef)

export function connectionOf<Row>(name: string, type: ObjectRef<typeof builder.$inferSchemaTypes, Row>) {
  return builder.connectionObject(
    { type, name: `${name}Connection`, description: 'One page of a list.' },
    { name: `${name}Edge`, description: 'A row of a page with its cursor.' },
  )
}
