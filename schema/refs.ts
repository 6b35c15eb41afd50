/** References to types that refer to each other; each type is implemented in the file named after it. */
import type { ObjectRef } from '@pothos/core'
import { getRefFromModel, type PrismaObjectRef } from '@pothos/plugin-prisma'
import type { DatasetVersion } from '../src/db/generated/prisma/client.ts'
import type { AttachmentRow } from '../src/db/sql/attachment/store.ts'
import type { DatasetItemChangeRow } from '../src/db/sql/dataset/list-changes.ts'
import type { DatasetFolderRow } from '../src/db/sql/dataset/list-folders.ts'
import type { DatasetItemRevisionRow } from '../src/db/sql/dataset/revision-row.ts'
import type { ReviewItemRow } from '../src/db/sql/review/reviews.ts'
import type { ListedRunItem } from '../src/db/sql/run-item/listed-columns.ts'
import type { ListedScore } from '../src/db/sql/score/load-scores.ts'
import { builder } from './builder.ts'
import type PrismaTypes from './generated/prisma-types.ts'

export const ProjectRef = prismaRef('Project')
export const ApiKeyRef = prismaRef('ApiKey')
export const PersonRef = prismaRef('Person')
export const DatasetRef = prismaRef('Dataset')
/** Known by its id alone; everything else is loaded on request, unless a list has read its current content. */
export const DatasetItemRef = builder.objectRef<{ id: string; latest?: DatasetItemRevisionRow | undefined }>(
  'DatasetItem',
)
export const DatasetItemRevisionRef = builder.objectRef<DatasetItemRevisionRow>('DatasetItemRevision')
export const DatasetItemChangeRef = builder.objectRef<DatasetItemChangeRow>('DatasetItemChange')
export const DatasetFolderRef = builder.objectRef<DatasetFolderRow>('DatasetFolder')
export const DatasetVersionRef = builder.objectRef<DatasetVersion>('DatasetVersion')
export const ExperimentRef = prismaRef('Experiment')
export const RunRef = prismaRef('Run')
/** Items of feeds, of comparisons and of a run's list include the scores that the document asks for; others load them on request. */
export const RunItemRef = builder.objectRef<ListedRunItem>('RunItem')
export const ScoreRef = builder.objectRef<ListedScore>('Score')
export const EndpointLimitRef = prismaRef('EndpointLimit')
export const EvaluatorRef = prismaRef('Evaluator')
export const ScoreConfigRef = prismaRef('ScoreConfig')
export const AttachmentRef = builder.objectRef<AttachmentRow>('Attachment')
export const ProviderRef = prismaRef('Provider')
export const ModelPriceRef = prismaRef('ModelPrice')
export const PromptRef = prismaRef('Prompt')
export const PromptVersionRef = prismaRef('PromptVersion')
export const ReviewQueueRef = prismaRef('ReviewQueue')
export const ReviewItemRef = builder.objectRef<ReviewItemRow>('ReviewItem')

export const ProjectConnection = connectionOf('Project', ProjectRef)
export const ApiKeyConnection = connectionOf('ApiKey', ApiKeyRef)
export const PersonConnection = connectionOf('Person', PersonRef)
export const DatasetConnection = connectionOf('Dataset', DatasetRef)
export const DatasetItemRevisionConnection = connectionOf('DatasetItemRevision', DatasetItemRevisionRef)
export const DatasetItemChangeConnection = connectionOf('DatasetItemChange', DatasetItemChangeRef)
export const DatasetFolderConnection = connectionOf('DatasetFolder', DatasetFolderRef)
export const DatasetVersionConnection = connectionOf('DatasetVersion', DatasetVersionRef)
export const ExperimentConnection = connectionOf('Experiment', ExperimentRef)
export const RunConnection = connectionOf('Run', RunRef)
export const RunItemConnection = connectionOf('RunItem', RunItemRef)
export const EndpointLimitConnection = connectionOf('EndpointLimit', EndpointLimitRef)
export const EvaluatorConnection = connectionOf('Evaluator', EvaluatorRef)
export const ScoreConfigConnection = connectionOf('ScoreConfig', ScoreConfigRef)
export const ProviderConnection = connectionOf('Provider', ProviderRef)
export const PromptConnection = connectionOf('Prompt', PromptRef)
export const PromptVersionConnection = connectionOf('PromptVersion', PromptVersionRef)
export const ReviewQueueConnection = connectionOf('ReviewQueue', ReviewQueueRef)
export const ReviewItemConnection = connectionOf('ReviewItem', ReviewItemRef)

export function connectionOf<Row>(name: string, type: ObjectRef<typeof builder.$inferSchemaTypes, Row>) {
  return builder.connectionObject(
    { type, name: `${name}Connection`, description: 'One page of a list.' },
    { name: `${name}Edge`, description: 'A row of a page with its cursor.' },
  )
}

/** The type of a model's rows; `builder.prismaNode` or `builder.prismaObject` implements it. */
function prismaRef<Name extends keyof PrismaTypes>(name: Name) {
  type Model = PrismaTypes[Name]
  return getRefFromModel(name, builder) as unknown as PrismaObjectRef<
    typeof builder.$inferSchemaTypes,
    Model,
    Model['Shape']
  >
}
