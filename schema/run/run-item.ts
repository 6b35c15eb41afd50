import type { GraphQLResolveInfo } from 'graphql'
import type { LeftOut } from '../../src/db/sql/run-item/listed-columns.ts'
import {
  isTruncated,
  maxShownBytes,
  type OptionalColumn,
  optionalColumns,
} from '../../src/db/sql/run-item/run-item-columns.ts'
import { type OptionalScoreColumn, optionalScoreColumns, parseScores } from '../../src/db/sql/score/load-scores.ts'
import { type ItemError, isItemErrorCode, kindOfFailure } from '../../src/domain/execution/task.ts'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import type { Generation as GenerationShape } from '../../src/domain/model/generation.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { RunItemErrorCode, RunItemStatus } from '../enums.ts'
import { linkTo } from '../links.ts'
import { DatasetItemRef, DatasetItemRevisionRef, RunItemRef, RunRef, ScoreRef } from '../refs.ts'
import { selectedFields } from '../selects.ts'
import { Generation } from './generation.ts'

export const RunItemError = builder.objectRef<ItemError>('RunItemError').implement({
  description: 'Why a task or an evaluator failed.',
  fields: (t) => ({
    code: t.field({
      type: RunItemErrorCode,
      description: 'The kind of failure.',
      resolve: ({ code }) => kindOfFailure(code),
    }),
    taskCode: t.string({
      nullable: true,
      description: "The task's own code of the error that it threw; null if it has none.",
      resolve: ({ code }) => (isItemErrorCode(code) ? null : code),
    }),
    message: t.exposeString('message', { description: 'What happened.' }),
    retryable: t.exposeBoolean('retryable', { description: 'Whether another attempt could succeed.' }),
    attempt: t.exposeInt('attempt', {
      nullable: true,
      description: 'The attempt that failed, or whose output could not be scored; null for errors of older versions.',
    }),
  }),
})

/** `<run id>:<ordinal>`, the raw id of a run item. */
export function runItemKey(id: string): { runId: string; ordinal: number } {
  const [runId = '', ordinal] = id.split(':')
  return { runId, ordinal: Number(ordinal) }
}

/** The column that a field reads, where it has another name. */
const columnOfField: Record<string, OptionalColumn> = { outputTruncated: 'outputBytes', traceUrl: 'traceId' }
const columnOfScoreField: Record<string, OptionalScoreColumn> = {
  evaluator: 'evaluatorVersionId',
  evaluatorVersion: 'evaluatorVersionId',
}

/** What a list of run items may leave out, as none of the fields of its items that the document asks for reads it. */
export function leftOutBy(info: GraphQLResolveInfo, ...lists: string[][]): LeftOut {
  const fields = new Set(lists.flatMap((path) => [...selectedFields(info, path)]))
  const scoreFields = new Set(lists.flatMap((path) => [...selectedFields(info, [...path, 'scores'])]))
  const columns = new Set(Array.from(fields, (field) => columnOfField[field] ?? field))
  const scoreColumns = new Set(Array.from(scoreFields, (field) => columnOfScoreField[field] ?? field))
  return {
    columns: optionalColumns.filter((column) => !columns.has(column)),
    scoreColumns: fields.has('scores') ? optionalScoreColumns.filter((column) => !scoreColumns.has(column)) : null,
  }
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
      description: 'The content of the dataset item that the run used.',
      resolve: (item, _args, context) => revisionOf(item, context),
    }),
    position: t.exposeInt('position', { description: 'Place of the dataset item in the schedule of the run, from 0.' }),
    repetition: t.exposeInt('repetition', { description: 'Which execution of the dataset item this is, from 0.' }),
    status: t.expose('status', { type: RunItemStatus, description: 'Its status.' }),
    input: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The input of the task. May be JSON null.',
      resolve: async (item, _args, context) => (await revisionOf(item, context)).input,
    }),
    expectedOutput: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The value that the output is compared with.',
      resolve: async (item, _args, context) => (await revisionOf(item, context)).expectedOutput,
    }),
    output: t.expose('output', {
      type: 'JSON',
      nullable: true,
      description: `The output of the task; null unless SUCCEEDED. Above ${maxShownBytes / 1024} KB it is \`outputTruncated\`.`,
    }),
    outputBytes: t.exposeInt('outputBytes', {
      nullable: true,
      description: 'The size of the JSON of the whole output in bytes; null without an output.',
    }),
    outputTruncated: t.boolean({
      description: 'Whether `output` is a text, the beginning of its JSON. `GET /output/<id>` returns all of it.',
      resolve: ({ outputBytes = null }) => isTruncated({ outputBytes }),
    }),
    error: t.expose('error', {
      type: RunItemError,
      nullable: true,
      description: 'The error of the last attempt that failed; null if none did, or it succeeded.',
    }),
    attempt: t.int({
      nullable: true,
      description:
        'The number of its last attempt, from 1; null before the first. `error.attempt` may be an earlier one.',
      resolve: ({ attempts }) => attempts || null,
    }),
    attempts: t.exposeInt('attempts', {
      description: 'Started attempts, including interrupted ones and those that do not count because of `Retry-After`.',
    }),
    latencyMs: t.exposeFloat('latencyMs', {
      nullable: true,
      description: 'Milliseconds of the task alone, evaluators excluded.',
    }),
    inputTokens: t.exposeInt('inputTokens', { nullable: true, description: 'Input tokens; null when unknown.' }),
    outputTokens: t.exposeInt('outputTokens', { nullable: true, description: 'Output tokens; null when unknown.' }),
    costUsd: t.exposeFloat('costUsd', {
      nullable: true,
      description: 'The cost of the task; null when unknown, never 0 for unknown.',
    }),
    evaluatorCostUsd: t.exposeFloat('evaluatorCostUsd', {
      nullable: true,
      description: 'The cost of its evaluators, as far as they say; null when none does. Not part of `costUsd`.',
    }),
    generation: t.field({
      type: Generation,
      nullable: true,
      description: 'How a model made the output; null for other tasks, and when nothing is known of it.',
      resolve: (item) => item.generation as unknown as GenerationShape | null,
    }),
    cached: t.exposeBoolean('cached', {
      description: 'The output was taken from the response cache; latency and cost are those of the call it came from.',
    }),
    traceId: t.exposeString('traceId', { nullable: true, description: 'W3C trace id that the task was called with.' }),
    traceUrl: t.string({
      nullable: true,
      description: 'URL of its trace; null unless the server has a trace URL.',
      resolve: ({ traceId }, _args, { traceUrlTemplate }) =>
        traceId == null ? null : (traceUrlTemplate?.replaceAll('{traceId}', traceId) ?? null),
    }),
    scores: t.field({
      type: [ScoreRef],
      description: 'Its scores by name; failed evaluators are rows with `error`.',
      resolve: (item, _args, { loaders }) =>
        item.listedScores ? parseScores(item.listedScores, item) : loaders.itemScores.load(item),
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its last attempt started.',
    }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it finished.' }),
  }),
})
