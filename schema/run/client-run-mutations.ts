/** How clients execute a run whose task is theirs. docs/client-protocol.md describes the protocol. */
import { InvalidInputError, NotFoundError } from '../../src/domain/errors.ts'
import { defaultLeaseMs } from '../../src/domain/execution/client-lease.ts'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import {
  type ClientClaim,
  type ClientItem,
  type ClientLane,
  claimRunItems,
  releaseRunLease,
  renewRunLease,
} from '../../src/engine/execution/client-lanes.ts'
import { type RecordedResults, recordRunItems } from '../../src/engine/execution/record-client-results.ts'
import { builder } from '../builder.ts'
import { Direction, RunStatus, ScoreDataType } from '../enums.ts'
import { mutation } from '../mutation.ts'
import { RunRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { runItemKey } from './run-item.ts'

const ClientLaneRef = builder.objectRef<ClientLane>('ClientLane').implement({
  description: "A client's share of a run, as of an answer. Clients obey the newest answer.",
  fields: (t) => ({
    lease: t.exposeString('lease', {
      nullable: true,
      description: 'The token for the next request. Null: it has none any more, and the next claim gives another.',
    }),
    concurrency: t.exposeInt('concurrency', {
      description: 'How many items it may execute at once: its share of the concurrency of the run, and of a limit.',
    }),
    status: t.expose('status', {
      type: RunStatus,
      description: 'The status of the run. Unless QUEUED or RUNNING, abort what is being executed.',
    }),
    run: t.field({
      type: RunRef,
      description: 'The run.',
      resolve: ({ runId }, _args, { loaders }) => loaders.links.load('run', runId),
    }),
  }),
})

const ClaimedRunItem = builder.objectRef<ClientItem & { runId: string }>('ClaimedRunItem').implement({
  description: 'An item that a client is to execute.',
  fields: (t) => ({
    runItemId: t.id({
      description: 'The run item.',
      resolve: ({ runId, ordinal }) => encodeGlobalId('RunItem', `${runId}:${ordinal}`),
    }),
    datasetItemId: t.id({
      description: 'The dataset item.',
      resolve: ({ itemId }) => encodeGlobalId('DatasetItem', itemId),
    }),
    key: t.exposeString('key', { nullable: true, description: 'The key of the dataset item.' }),
    input: t.expose('input', { type: 'JSON', nullable: true, description: 'The input. May be JSON null.' }),
    expectedOutput: t.expose('expectedOutput', {
      type: 'JSON',
      nullable: true,
      description: 'The value that the output is compared with.',
    }),
    metadata: t.expose('metadata', { type: 'JSON', nullable: true, description: 'Any data stored with it.' }),
    tags: t.exposeStringList('tags', { description: 'Its tags.' }),
    repetition: t.exposeInt('repetition', { description: 'Which execution of the dataset item this is, from 0.' }),
    attempt: t.exposeInt('attempts', {
      description: 'The number of this attempt, from 1; to be sent with its result.',
    }),
    startAfterMs: t.exposeInt('startAfterMs', {
      description: 'How long to wait before it is executed, in milliseconds: limits per minute space calls out.',
    }),
  }),
})

const leaseMs = (t: PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>) =>
  t.int({
    required: true,
    defaultValue: defaultLeaseMs,
    description: 'How long it keeps its items without another request, in milliseconds: 5,000–600,000.',
  })

mutation('claimRunItems', {
  description:
    'Claims items of a run of a `client` task, to execute them. The first claim makes the caller a client of it.',
  input: {
    description: 'A claim.',
    fields: (t) => ({
      runId: t.id({ required: true, description: 'The run.' }),
      lease: t.string({ description: 'The lease of the last answer; none in the first claim.' }),
      limit: t.int({ required: true, defaultValue: 50, description: 'The maximum of items: 1–1,000.' }),
      leaseMs: leaseMs(t),
      holdingIds: t.idList({
        description:
          'For the repetition of a claim whose answer was lost: all run items that the client has.\nWhat it claimed besides goes back to the queue.',
      }),
    }),
  },
  errors: [NotFoundError],
  resolve: ({ holdingIds, ...input }, { services, scope }) => {
    const runId = rawId('Run', input.runId, ['runId'])
    const holding = holdingIds?.map((id, index) => ordinalIn(runId, id, ['holdingIds', String(index)]))
    return claimRunItems(services, scope, { ...input, runId, holding })
  },
  payload: {
    description: 'The items are the client’s until it has recorded their results, or its lease expires.',
    fields: (t) => ({
      lane: t.field({
        type: ClientLaneRef,
        description: 'Its share of the run.',
        resolve: (claim: ClientClaim) => claim,
      }),
      items: t.field({
        type: [ClaimedRunItem],
        description: 'The items, in the order in which they are to be executed.',
        resolve: ({ runId, items }: ClientClaim) => items.map((item) => ({ ...item, runId })),
      }),
      queued: t.exposeInt('queued', {
        description: 'Items of the run that nobody has claimed, including those that wait for another attempt.',
      }),
      retryAfterMs: t.exposeInt('retryAfterMs', {
        nullable: true,
        description:
          'Without items: when to ask again, in milliseconds, because a limit leaves none, others wait for an\nattempt or are executed by other clients. Null with items, and when the run has finished.',
      }),
    }),
  },
})

const ClientErrorInput = builder.inputType('ClientErrorInput', {
  description: 'Why an attempt failed.',
  fields: (t) => ({
    code: t.string({ description: 'A RunItemErrorCode, such as TIMEOUT, or one of your own; default TASK_FAILED.' }),
    message: t.string({ required: true, description: 'What happened.' }),
    retryable: t.boolean({ description: 'Whether another attempt could succeed; default false.' }),
    retryAfterMs: t.float({ description: 'The wait that a server asked for; the attempt does not count then.' }),
  }),
})

const ClientScoreInput = builder.inputType('ClientScoreInput', {
  description: 'A score by an evaluator of the client, which needs no other definition.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the score, and of its evaluator.' }),
    version: t.string({ description: 'Identifies the code of the evaluator, for example a hash of it.' }),
    value: t.float({ description: 'The value of a NUMERIC or BOOLEAN (0 or 1) score.' }),
    label: t.string({ description: 'The category of a CATEGORICAL or the text of a TEXT score.' }),
    dataType: t.field({ type: ScoreDataType, description: 'Default: CATEGORICAL with a label, NUMERIC with a value.' }),
    direction: t.field({ type: Direction, description: 'Which scores are better; default HIGHER_IS_BETTER.' }),
    comment: t.string({ description: 'Why.' }),
    metadata: t.field({ type: 'JSON', description: 'Any data to store with it.' }),
    costUsd: t.float({
      description: 'What it has cost. Without value and label: the evaluator did not apply, but has cost this.',
    }),
    error: t.string({ description: 'The evaluator failed: the reason, in place of a value.' }),
  }),
})

const ClientResultInput = builder.inputType('ClientResultInput', {
  description: 'The result of one attempt: an output, or an error.',
  fields: (t) => ({
    runItemId: t.id({ required: true, description: 'The run item.' }),
    attempt: t.int({ required: true, description: 'The number of the attempt, as claimed.' }),
    output: t.field({ type: 'JSON', description: 'The output of the task; null and left out are JSON null.' }),
    error: t.field({ type: ClientErrorInput, description: 'Why the attempt failed; there is no output then.' }),
    latencyMs: t.float({
      description: 'Milliseconds of the task alone, evaluators excluded; left out when not known.',
    }),
    costUsd: t.float({ description: 'The cost of the task; left out when not known.' }),
    inputTokens: t.int({ description: 'Input tokens; left out when not known.' }),
    outputTokens: t.int({ description: 'Output tokens; left out when not known.' }),
    traceId: t.string({ description: 'The W3C trace id of the attempt: 32 hex digits.' }),
    scores: t.field({ type: [ClientScoreInput], description: 'By the evaluators of the client; each name once.' }),
  }),
})

const RecordOutcome = builder.enumType('RecordOutcome', {
  description: 'What became of a result.',
  values: {
    DONE: { description: 'The item has it, and is finished.' },
    RETRY: { description: 'The attempt failed, and the item will be executed again.' },
    SCORING: { description: 'The item has it, and evaluators of the server score it.' },
    LOST: { description: 'It was dropped: somebody else has the item, or the run has finished.' },
  } as const,
})

mutation('recordRunItems', {
  description:
    'Records the results of claimed items, all or none, and keeps the other claims of the client.\nRepeating it changes nothing: send it again when its answer was lost.',
  input: {
    description: 'Results of a client.',
    fields: (t) => ({
      runId: t.id({ required: true, description: 'The run.' }),
      lease: t.string({ required: true, description: 'The lease of the last answer.' }),
      leaseMs: leaseMs(t),
      results: t.field({
        type: [ClientResultInput],
        required: true,
        description: '1–1,000 results of different items.',
      }),
    }),
  },
  errors: [NotFoundError],
  resolve: ({ results, ...input }, { services, scope }) => {
    const runId = rawId('Run', input.runId, ['runId'])
    return recordRunItems(services, scope, {
      ...input,
      runId,
      results: results.map(({ runItemId, ...result }, index) => ({
        ...result,
        ordinal: ordinalIn(runId, runItemId, ['results', String(index), 'runItemId']),
      })),
    })
  },
  payload: {
    description: 'The results are stored, as far as they were not LOST.',
    fields: (t) => ({
      lane: t.field({
        type: ClientLaneRef,
        description: 'Its share of the run.',
        resolve: (recorded: RecordedResults) => recorded,
      }),
      outcomes: t.field({
        type: [RecordOutcome],
        description: 'What became of each result, in the order of the input.',
        resolve: ({ outcomes }: RecordedResults) => outcomes,
      }),
    }),
  },
})

mutation('renewRunLease', {
  description: 'Keeps the items that a client has claimed; to be sent a few times in every `leaseMs`.',
  input: {
    description: 'A lease.',
    fields: (t) => ({
      runId: t.id({ required: true, description: 'The run.' }),
      lease: t.string({ required: true, description: 'The lease of the last answer.' }),
      leaseMs: leaseMs(t),
    }),
  },
  errors: [NotFoundError],
  resolve: async (input, { services, scope }) => ({
    lane: await renewRunLease(services, scope, { ...input, runId: rawId('Run', input.runId, ['runId']) }),
  }),
  payload: {
    description: 'The state of the client.',
    fields: (t) => ({
      lane: t.expose('lane', {
        type: ClientLaneRef,
        description:
          'Its share of the run; without a lease, its items went back to the queue, or the run has finished.',
      }),
    }),
  },
})

mutation('releaseRunLease', {
  description:
    'Gives back the items that a client has claimed and not recorded; the interrupted attempts do not count.',
  input: {
    description: 'A lease.',
    fields: (t) => ({
      runId: t.id({ required: true, description: 'The run.' }),
      lease: t.string({ required: true, description: 'The lease of the last answer.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: async (input, { services, scope }) => ({
    lane: await releaseRunLease(services, scope, { ...input, runId: rawId('Run', input.runId, ['runId']) }),
  }),
  payload: {
    description: 'The caller is no client of the run any more.',
    fields: (t) => ({
      lane: t.expose('lane', { type: ClientLaneRef, description: 'Without a lease, with the status of the run.' }),
    }),
  },
})

function ordinalIn(runId: string, id: string, path: string[]): number {
  const key = runItemKey(rawId('RunItem', id, path))
  if (key.runId === runId) return key.ordinal
  throw new InvalidInputError('Expected an item of this run, got that of another.', path)
}
