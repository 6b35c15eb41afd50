/** Which answers depend on nothing but runs and their dataset, so that a tag of these tells whether they have changed. */
import {
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { isGlobalId, rawId } from '../../../schema/relay/global-id.ts'

const all = 'all fields'

/** Fields whose values change only with the row of a run, its dataset or its experiment. */
export const dependentFields: Readonly<Record<string, typeof all | readonly string[]>> = {
  Query: ['compareRuns', 'run'],
  RunComparison: all,
  ComparisonDifference: all,
  MetricComparison: all,
  Metric: all,
  Interval: all,
  Clusters: all,
  OnTheseItems: all,
  ComparisonRowConnection: all,
  ComparisonRowEdge: all,
  ComparisonRow: all,
  ComparisonCell: ['run', 'revision', 'differences', 'items', 'scores', 'latencyMs', 'costUsd'],
  CellScore: all,
  PageInfo: all,
  Run: [
    ...['id', 'name', 'description', 'metadata', 'seed', 'settings', 'datasetVersion', 'url', 'cursor'],
    ...['status', 'stopReason', 'stopMessage', 'progress', 'stats', 'scores', 'items'],
    ...['createdAt', 'startedAt', 'finishedAt', 'durationMs'],
  ],
  RunSettings: all,
  RunProgress: all,
  RunStats: [
    'costUsd',
    'evaluatorCostUsd',
    'avgCostUsd',
    'unknownCostCount',
    'inputTokens',
    'outputTokens',
    'latencyMs',
  ],
  Distribution: all,
  RunItemConnection: all,
  RunItemEdge: all,
  RunItem: [
    ...['id', 'run', 'datasetItem', 'revision', 'position', 'repetition', 'status', 'input', 'expectedOutput'],
    ...['output', 'outputBytes', 'outputTruncated', 'error', 'attempts', 'latencyMs', 'inputTokens', 'outputTokens'],
    ...['costUsd', 'evaluatorCostUsd', 'cached', 'traceId', 'scores', 'startedAt', 'finishedAt'],
  ],
  RunItemError: all,
  Score: [
    ...['id', 'name', 'dataType', 'value', 'label', 'comment', 'metadata', 'costUsd', 'source', 'error'],
    ...['evaluatorVersion', 'author', 'createdAt', 'run', 'runItem'],
  ],
  DatasetItem: ['id', 'key', 'archived', 'createdAt', 'latest', 'revision'],
  DatasetItemRevision: [
    ...['id', 'item', 'key', 'input', 'expectedOutput', 'metadata', 'tags', 'validFrom', 'validTo', 'createdAt'],
  ],
}

const dependent = new WeakMap<DocumentNode, boolean>()

/** The ids of the runs that the answer to a query depends on; null where it may depend on anything else. */
export function runsOf({ schema, document, operationName, variableValues }: ExecutionArgs): string[] | null {
  let isDependent = dependent.get(document)
  if (isDependent === undefined) {
    isDependent = selectsOnlyDependentFields(schema, document)
    dependent.set(document, isDependent)
  }
  const operation = getOperationAST(document, operationName)
  const queryType = schema.getQueryType()
  if (!isDependent || operation?.operation !== 'query' || !queryType) return null
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {})
  const ids = new Set<string>()
  for (const node of operation.selectionSet.selections) {
    const field = node.kind === Kind.FIELD ? queryType.getFields()[node.name.value] : undefined
    if (node.kind !== Kind.FIELD || !field || !coerced) return null
    const { id, baselineId, candidateIds } = getArgumentValues(field, node, coerced)
    // By default it is the baseline that is approved at the moment.
    const given = field.name === 'run' ? [id] : [baselineId, ...(candidateIds as unknown[])]
    for (const one of given) {
      if (typeof one !== 'string' || !isGlobalId('Run', one)) return null
      ids.add(rawId('Run', one, []))
    }
  }
  return ids.size > 0 ? [...ids] : null
}

function selectsOnlyDependentFields(schema: GraphQLSchema, document: DocumentNode): boolean {
  let only = true
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      Field({ name: { value: name } }) {
        const fields = dependentFields[types.getParentType()?.name ?? '']
        if (name !== '__typename' && fields !== all && !fields?.includes(name)) only = false
      },
    }),
  )
  return only
}
