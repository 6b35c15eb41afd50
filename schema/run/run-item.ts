import { isTruncated, maxShownBytes } from '../../src/db/sql/run-item/run-item-columns.ts'
import { type ItemError, isItemErrorCode, kindOfFailure } from '../../src/domain/execution/task.ts'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { RunItemErrorCode, RunItemStatus } from '../enums.ts'
import { linkTo } from '../links.ts'
import { DatasetItemRef, DatasetItemRevisionRef, RunItemRef, RunRef, ScoreRef } from '../refs.ts'

export const RunItemError = builder.objectRef<ItemError>('RunItemError').implement({
  description: 'Why a task or an evaluator failed.',
  fields: (t) => ({
    code: t.field({
      type: RunItemErrorCode,
      description: 'What kind of failure.',
      resolve: ({ code }) => kindOfFailure(code),
    }),
    taskCode: t.string({
      nullable: true,
      description: 'The code that the task gave the error it threw; null when it gave none of its own.',
      resolve: ({ code }) => (isItemErrorCode(code) ? null : code),
    }),
    message: t.exposeString('message', { description: 'What happened.' }),
    retryable: t.exposeBoolean('retryable', { description: 'Whether another attempt could have helped.' }),
    attempt: t.exposeInt('attempt', {
      nullable: true,
      description: 'The attempt that failed, or whose output could not be scored; null in errors of older versions.',
    }),
  }),
})

/** `<run id>:<ordinal>`, the raw id of a run item. */
export function runItemKey(id: string): { runId: string; ordinal: number } {
  const [runId = '', ordinal] = id.split(':')
  return { runId, ordinal: Number(ordinal) }
}

async function revisionOf(item: { runId: string; itemId: bigint | string }, { loaders }: Context) {
  const { datasetVersion: version } = await loaders.links.load('run', item.runId)
  const revision = await loaders.revisionAt.load({ itemId: String(item.itemId), version })
  if (!revision) {
    const id = encodeGlobalId('DatasetItem', String(item.itemId))
    throw new Error(`DatasetItem ${id} is not in version ${version} of its dataset`)
  }
  return revision
}

builder.node(RunItemRef, {
  description: 'One execution of one dataset item in one run.',
  id: { resolve: (item) => `${item.runId}:${item.ordinal}` },
  loadWithoutCache: (id, { loaders }) => loaders.runItem.load(runItemKey(id)),
  fields: (t) => ({
    run: t.field({
      type: RunRef,
      description: 'The run it belongs to.',
      resolve: linkTo('run', (item) => item.runId),
    }),
    datasetItem: t.field({
      type: DatasetItemRef,
      description: 'The dataset item, through all versions.',
      resolve: ({ itemId }) => ({ id: String(itemId) }),
    }),
    revision: t.field({
      type: DatasetItemRevisionRef,
      description: 'What the dataset item says in the version that the run is on.',
      resolve: (item, _args, context) => revisionOf(item, context),
    }),
    position: t.exposeInt('position', { description: 'Place of the dataset item in the schedule of the run, from 0.' }),
    repetition: t.exposeInt('repetition', { description: 'Which execution of the dataset item this is, from 0.' }),
    status: t.expose('status', { type: RunItemStatus, description: 'Where it is.' }),
    input: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What the task was given. May be JSON null.',
      resolve: async (item, _args, context) => (await revisionOf(item, context)).input,
    }),
    expectedOutput: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What the output is compared with.',
      resolve: async (item, _args, context) => (await revisionOf(item, context)).expectedOutput,
    }),
    output: t.expose('output', {
      type: 'JSON',
      nullable: true,
      description: `What the task returned; null unless SUCCEEDED. Above ${maxShownBytes / 1024} KB it is \`outputTruncated\`.`,
    }),
    outputBytes: t.exposeInt('outputBytes', {
      nullable: true,
      description: 'The size of the JSON of the whole output; null without an output.',
    }),
    outputTruncated: t.boolean({
      description: 'Whether `output` is a text with the beginning of its JSON. `GET /output/<id>` gives the whole.',
      resolve: isTruncated,
    }),
    error: t.field({
      type: RunItemError,
      nullable: true,
      description: 'How its last attempt failed; null when it did not.',
      resolve: (item) => item.error as ItemError | null,
    }),
    attempt: t.int({
      nullable: true,
      description: 'The attempt that its status is of, from 1; null before the first.',
      resolve: ({ attempts }) => attempts || null,
    }),
    attempts: t.exposeInt('attempts', {
      description: 'Attempts that began, also those that were interrupted or told to wait and do not count.',
    }),
    latencyMs: t.exposeFloat('latencyMs', {
      nullable: true,
      description: 'Milliseconds of the task alone, evaluators excluded.',
    }),
    inputTokens: t.exposeInt('inputTokens', { nullable: true, description: 'Tokens sent; null when unknown.' }),
    outputTokens: t.exposeInt('outputTokens', { nullable: true, description: 'Tokens received; null when unknown.' }),
    costUsd: t.exposeFloat('costUsd', {
      nullable: true,
      description: 'What the task cost; null when unknown, never 0 for unknown.',
    }),
    cached: t.exposeBoolean('cached', {
      description: 'The output was taken from the response cache; latency and cost are those of the call it came from.',
    }),
    traceId: t.exposeString('traceId', { nullable: true, description: 'W3C trace id that the task was called with.' }),
    traceUrl: t.string({
      nullable: true,
      description: 'Where its trace can be looked at; null unless the server was told where traces are.',
      resolve: ({ traceId }, _args, { traceUrlTemplate }) =>
        traceId === null ? null : (traceUrlTemplate?.replaceAll('{traceId}', traceId) ?? null),
    }),
    scores: t.field({
      type: [ScoreRef],
      description: 'Its scores by name; failed evaluators are rows with `error`.',
      resolve: (item, _args, { loaders }) => item.scores ?? loaders.itemScores.load(item),
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When its last attempt began.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
  }),
})
