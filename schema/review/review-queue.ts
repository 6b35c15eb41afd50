import type { ReviewQueue } from '../../src/db/generated/prisma/client.ts'
import { listReviewItems, listReviewQueues } from '../../src/db/sql/review/list-review-queues.ts'
import type { PersonsProgress, QueueLabels } from '../../src/db/sql/review/progress.ts'
import type { ReviewItemRow } from '../../src/db/sql/review/reviews.ts'
import { type PairOfPeople, type PeopleFigures, peopleFigures } from '../../src/domain/agreement/people-figures.ts'
import type { ReviewSelection as ReviewSelectionShape } from '../../src/domain/review/selection.ts'
import { builder } from '../builder.ts'
import { ScoreDataType } from '../enums.ts'
import { Alpha, Kappa } from '../evaluator/judge-report.ts'
import { linkTo } from '../links.ts'
import { PersonRef, ReviewItemConnection, ReviewQueueConnection, ReviewQueueRef, RunRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { listOrder } from '../relay/list-order.ts'
import { ReviewSelection } from './review-selection.ts'

const ReviewerProgress = builder.objectRef<PersonsProgress>('ReviewerProgress').implement({
  description: 'How far a person is with a review queue.',
  fields: (t) => ({
    person: t.field({
      type: PersonRef,
      description: 'The person.',
      resolve: linkTo('person', ({ personId }) => personId),
    }),
    done: t.exposeInt('done', { description: 'Items that they have scored.' }),
    skipped: t.exposeInt('skipped', { description: 'Items that they have left to others.' }),
  }),
})

const ReviewProgress = builder.objectRef<ReviewQueue>('ReviewProgress').implement({
  description: 'How far a review queue is.',
  fields: (t) => ({
    total: t.exposeInt('itemCount', { description: 'All items.' }),
    done: t.int({
      description: 'Items that have all their authors.',
      resolve: async ({ id }, _args, { loaders }) => (await loaders.queueProgress.load(id))?.done ?? 0,
    }),
    reviews: t.int({
      description: 'What has been scored, each item once for each of its authors.',
      resolve: async ({ id }, _args, { loaders }) => (await loaders.queueProgress.load(id))?.reviews ?? 0,
    }),
    byPerson: t.field({
      type: [ReviewerProgress],
      description: 'Of those whom it is assigned to, and whoever has worked it; by name.',
      resolve: ({ id }, _args, { loaders }) => loaders.personsProgress.load(id),
    }),
  }),
})

const PairAgreement = builder.objectRef<PairOfPeople>('PairAgreement').implement({
  description: 'How far two persons agree.',
  fields: (t) => ({
    first: t.exposeString('first', { description: 'The name of the one.' }),
    second: t.exposeString('second', { description: 'The name of the other.' }),
    items: t.exposeInt('items', { description: 'Outputs that both have scored.' }),
    kappa: t.expose('kappa', {
      type: Kappa,
      nullable: true,
      description: 'Of NUMERIC scores with quadratic weights; null for values of more than 20 kinds.',
    }),
  }),
})

const PeopleAgreement = builder
  .objectRef<Pick<QueueLabels, 'name' | 'dataType'> & PeopleFigures>('PeopleAgreement')
  .implement({
    description: 'How far people agree about the outputs that several of them have scored.',
    fields: (t) => ({
      score: t.exposeString('name', { description: 'The name of the score.' }),
      dataType: t.expose('dataType', { type: ScoreDataType, description: 'The type of its values.' }),
      alpha: t.expose('alpha', { type: Alpha, description: 'Of all of them together.' }),
      pairs: t.expose('pairs', {
        type: [PairAgreement],
        description: 'Of two at a time, those with most outputs in common first; at most 50.',
      }),
    }),
  })

builder.prismaNode('ReviewQueue', {
  description: 'Outputs of a run that people score. It has those that the run had when it was made.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the project.' }),
    description: t.exposeString('description', { nullable: true, description: 'What reviewers should know.' }),
    run: t.field({ type: RunRef, description: 'Whose outputs.', resolve: linkTo('run', ({ runId }) => runId) }),
    baseline: t.field({
      type: RunRef,
      nullable: true,
      description: 'The run whose outputs are shown beside; null for none.',
      resolve: ({ baselineId }, _args, { loaders }) =>
        baselineId === null ? null : loaders.links.load('run', baselineId),
    }),
    pairwise: t.exposeBoolean('pairwise', {
      description: 'Whether people say which of two outputs is better: 1 that of the run, 0 that of the baseline.',
    }),
    selection: t.field({
      type: ReviewSelection,
      description: 'Which outputs.',
      resolve: ({ selection }) => selection as unknown as ReviewSelectionShape,
    }),
    scores: t.exposeStringList('scores', { description: 'Names of the scores that each item is given.' }),
    authorsPerItem: t.exposeInt('authorsPerItem', { description: 'How many persons score each item.' }),
    assignees: t.field({
      type: [PersonRef],
      description: 'Who may work it; empty: everybody.',
      resolve: async ({ id }, _args, { loaders }) => {
        const assigned = await loaders.reviewAssignees.load(id)
        return Promise.all(assigned.map(({ personId }) => loaders.links.load('person', personId)))
      },
    }),
    seed: t.exposeString('seed', { description: 'Decides which items are drawn, and their order.' }),
    progress: t.field({ type: ReviewProgress, description: 'How far it is.', resolve: (queue) => queue }),
    agreement: t.field({
      type: [PeopleAgreement],
      description: 'How far people agree, by score; empty before anybody has scored something.',
      resolve: async ({ id }, _args, { loaders }) => {
        const labels = await loaders.queueLabels.load(id)
        return labels.map(({ name, dataType, outputs }) => ({ name, dataType, ...peopleFigures(outputs, dataType) }))
      },
    }),
    items: t.field({
      type: ReviewItemConnection,
      description: 'Its items, in its order; `totalCount` is known.',
      args: { ...t.arg.connectionArgs() },
      resolve: (queue, args, context) =>
        listConnection<ReviewItemRow>(context, listReviewItems(), 'POSITION', queue.id, args, queue.itemCount),
    }),
    createdBy: t.field({
      type: PersonRef,
      nullable: true,
      description: 'Who made it; null when that person is gone.',
      resolve: ({ createdById }, _args, { loaders }) =>
        createdById === null ? null : loaders.links.find('person', createdById),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    closedAt: t.expose('closedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was closed; null while it can be worked.',
    }),
  }),
})

const ReviewQueueFilter = builder.inputType('ReviewQueueFilter', {
  description: 'Which review queues; all of the conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Only those with this text in their name or description.' }),
    closed: t.boolean({ description: 'true: only closed ones; false: only open ones.' }),
    runId: t.id({ description: 'Only those of this run, or with its outputs beside.' }),
    forMe: t.boolean({ description: 'true: only those that are assigned to the caller, or to nobody.' }),
  }),
})

const order = listOrder({
  type: 'ReviewQueue',
  rows: 'review queues',
  fields: { NAME: 'Their names.', CREATED_AT: 'When they were made.' },
  default: { field: 'CREATED_AT', direction: 'DESC' },
})

builder.queryFields((t) => ({
  reviewQueue: t.prismaField({
    type: ReviewQueueRef,
    nullable: true,
    description: 'The review queue of this name; null if there is none.',
    args: { name: t.arg.string({ required: true, description: 'Its full name.' }) },
    resolve: (query, _root, { name }, { services, scope: { projectId } }) =>
      services.db.prisma.reviewQueue.findUnique({ ...query, where: { projectId_name: { projectId, name } } }),
  }),
  reviewQueues: t.field({
    type: ReviewQueueConnection,
    description: 'All review queues, by default the newest first.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: ReviewQueueFilter, description: 'Which ones; default: all.' }),
      orderBy: t.arg({ type: order.input, description: 'Default: the newest first.' }),
    },
    resolve: (_root, args, context) => {
      const { projectId, person } = context.scope
      const by = order.read(args.orderBy)
      const { runId, forMe, ...filter } = args.filter ?? {}
      const list = listReviewQueues(
        {
          ...filter,
          runId: optionalRawId('Run', runId, ['filter', 'runId']),
          forPersonId: forMe ? person.id : null,
        },
        by,
      )
      return listConnection<ReviewQueue>(context, list, by.name, projectId, args)
    },
  }),
}))
