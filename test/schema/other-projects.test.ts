/**
 * What is in other projects changes nothing for a key of a project. Every field of the schema is asked for with each role,
 * before and after another project is filled, and gives the same answer; every argument that takes an id treats one of
 * another project like one that does not exist. A new field or argument fails here until a seeded project covers it.
 */
import { randomUUID } from 'node:crypto'
import { type GraphQLObjectType, getNamedType } from 'graphql'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { testScope } from '../helpers/scope.ts'
import { type GraphqlAnswer, startTestServer, type TestServer } from '../helpers/server.ts'
import { type FilledProject, fillProject } from './filled-project.ts'
import {
  called,
  type Field,
  idArguments,
  literal,
  nodeTypes,
  query,
  reachableFields,
  subscriptions,
} from './whole-schema.ts'

const roles = ['READ', 'WRITE', 'ADMIN'] as const
type Headers = { authorization: string }

/** What only comparisons of more items, repetitions or other arguments have: in comparison/beside-metrics.test.ts. */
const ofLargerRuns = [
  'ComparisonGroup.value',
  'ComparisonGroups.countedAs',
  'Dependence.candidate',
  'Dependence.clusters',
  'Dependence.metric',
  'Dependence.path',
  'Interaction.pValue',
  'LabelChanges.pValue',
  'LabelChanges.transitions',
  'LabelTransition.count',
  'LabelTransition.from',
  'LabelTransition.to',
  'MetricComparison.countedAs',
  'PairsNeededRange.high',
  'PlanGoal.margin',
  'Ranking.countedAs',
  'RatioComparison.baselineRatio',
  'RatioComparison.candidateRatio',
  'RatioComparison.interval',
  'RatioComparison.pValue',
  'RatioComparison.relative',
  'RunComparison.dependence',
  'RunPlan.baseline',
  'RunPlan.recommended',
  'RunPlan.split',
  'VarianceSplit.items',
  'VarianceSplit.repetitions',
]

/** What only judges and other definitions, conditions and people's labels have: in evaluator/*.test.ts and docs/*.test.ts. */
const ofEvaluators = [
  'Alpha.interval',
  'Alpha.value',
  'CalibratedDelta.corrected',
  'CalibratedDelta.uncorrected',
  'CodeEvaluator.code',
  'CodeEvaluator.level',
  'CodeEvaluator.timeoutMs',
  'CompositeEvaluator.expression',
  'CompositeEvaluator.missing',
  'CompositeEvaluator.scores',
  'CompositePart.name',
  'CompositePart.weight',
  'Confusion.counts',
  'Confusion.labels',
  'CorrectedMean.interval',
  'CorrectedMean.mean',
  'CorrectedScore.mean',
  'CorrectedScore.predictionPowered',
  'CorrectedScore.roganGladen',
  'Estimate.interval',
  'Estimate.value',
  'Evaluator.onlyIf',
  'HttpEvaluator.headers',
  'HttpEvaluator.resultPath',
  'HttpEvaluator.url',
  'JudgeDrift.agreement',
  'JudgeDrift.difference',
  'JudgeDrift.version',
  'JudgeEvaluator.messages',
  'JudgeEvaluator.method',
  'JudgeEvaluator.model',
  'JudgeEvaluator.parameters',
  'JudgeEvaluator.provider',
  'JudgeEvaluator.scale',
  'JudgeEvaluator.template',
  'JudgeEvaluator.variables',
  'JudgeReport.bias',
  'JudgeReport.byTag',
  'JudgeReport.correlation',
  'JudgeReport.drift',
  'JudgeReport.lengthSlope',
  'JudgeReport.relatedModels',
  'JudgeReport.swaps',
  'JudgeScale.max',
  'JudgeScale.min',
  'JudgeTagFigures.agreement',
  'JudgeTagFigures.bias',
  'JudgeTagFigures.items',
  'JudgeTagFigures.tag',
  'Kappa.interval',
  'Kappa.value',
  'PairwiseEvaluator.baselineId',
  'PairwiseEvaluator.messages',
  'PairwiseEvaluator.method',
  'PairwiseEvaluator.model',
  'PairwiseEvaluator.parameters',
  'PairwiseEvaluator.provider',
  'PairwiseEvaluator.variables',
  'PairwiseRanking.runs',
  'PredictionPoweredMean.effectiveLabels',
  'PredictionPoweredMean.interval',
  'PredictionPoweredMean.lambda',
  'PredictionPoweredMean.mean',
  'Proportion.interval',
  'Proportion.value',
  'RunEvaluator.onlyIf',
  'RunStrength.interval',
  'RunStrength.run',
  'RunStrength.standardError',
  'RunStrength.strength',
  'RunStrength.winRate',
  'ScoreCondition.labels',
  'ScoreCondition.max',
  'ScoreCondition.min',
  'ScoreCondition.score',
  'SimilarityEvaluator.expectedPath',
  'SimilarityEvaluator.model',
  'SimilarityEvaluator.outputPath',
  'SimilarityEvaluator.provider',
  'SwapConsistency.consistency',
  'SwapConsistency.firstPreferred',
]

/** What only runs that were scored again have: in run/rescoring.test.ts. */
const ofRescoring = [
  'Run.scoreVersions',
  'Run.scoring',
  'RunScoring.budgetUsd',
  'RunScoring.costUsd',
  'RunScoring.done',
  'RunScoring.status',
  'RunScoring.total',
  'ScoreVersion.agreement',
  'ScoreVersion.count',
  'ScoreVersion.difference',
  'ScoreVersion.differenceInterval',
  'ScoreVersion.errorCount',
  'ScoreVersion.evaluator',
  'ScoreVersion.isCurrent',
  'ScoreVersion.mean',
  'ScoreVersion.version',
]

/** Fields that have nothing in an answer here, and why. */
const empty: Record<string, string> = {
  ...Object.fromEntries(ofLargerRuns.map((field) => [field, 'in comparison/beside-metrics.test.ts'])),
  ...Object.fromEntries(
    ofEvaluators.map((field) => [field, 'in evaluator/*.test.ts, docs/evaluators.test.ts and docs/judges.test.ts']),
  ),
  ...Object.fromEntries(ofRescoring.map((field) => [field, 'in run/rescoring.test.ts'])),
  'Clusters.icc': 'no two items belong together: in test/engine/comparison/clusters.test.ts',
  'MetricDistribution.labels': 'only categories have them: in run-distribution.test.ts',
  'Project.keepOutputDays': 'it has no rules: in engine/runs/delete-runs.test.ts',
  'Project.keepRuns': 'it has no rules: in engine/runs/delete-runs.test.ts',
  'Run.outputsRemovedAt': 'it has no rules: in engine/runs/delete-runs.test.ts',
  'Query.node': 'in foreign-project.test.ts',
  'Query.nodes': 'in foreign-project.test.ts',
  'RunsFeedBatch.deletedRunIds': 'a first batch has none',
}

let t: TestServer
let own: FilledProject
let elsewhere: FilledProject
let keys: Record<(typeof roles)[number], Headers>
/** Fields that had something in an answer. */
const seen = new Set<string>()

async function keysOf(projectId: string) {
  const scope = await testScope(t.db, projectId)
  const made = roles.map(async (role) => {
    const { key } = await createApiKey(t.db, scope, { name: `${role} key`, role })
    return [role, { authorization: `Bearer ${key}` }] as const
  })
  return Object.fromEntries(await Promise.all(made)) as typeof keys
}

beforeAll(async () => {
  const modules = {
    tasks: [{ name: 'any', description: 'any', run: () => null }],
    evaluators: [{ name: 'judge', description: 'any', evaluate: () => 1 }],
  }
  t = await startTestServer(modules, { traceUrlTemplate: 'http://traces.example/{traceId}' })
  own = await fillProject(t, 'own')
  keys = await keysOf(own.projectId)
})
afterAll(() => t[Symbol.asyncDispose]())

/** Remembers the fields that have something. */
function look(value: unknown): void {
  if (Array.isArray(value)) for (const part of value) look(part)
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return
  const { __typename: type, ...fields } = value as { __typename?: string }
  for (const [name, part] of Object.entries(fields)) {
    if (type && part !== null && !(Array.isArray(part) && part.length === 0)) seen.add(`${type}.${name}`)
    look(part)
  }
}

/** What a client can tell an answer by. */
const shown = ({ data, errors }: Pick<GraphqlAnswer, 'data' | 'errors'>) =>
  JSON.stringify([data, errors?.map(({ message, path, extensions }) => ({ message, path, extensions }))])

const ofNode = (type: GraphQLObjectType, selection: string) =>
  `query ($id: ID!) { node(id: $id) { __typename ... on ${type.name} { ${selection} } } }`

/** A document for each field of the root and of each node. */
const documents = [
  ...Object.values(query.getFields())
    .filter(({ name }) => name !== 'node' && name !== 'nodes')
    .map((field) => ({ type: query, field, document: () => `{ __typename ${called(own, field)} }` })),
  ...nodeTypes.flatMap((type) =>
    Object.values(type.getFields()).map((field) => ({
      type,
      field,
      document: () => ofNode(type, called(own, field, {}, [type])),
    })),
  ),
]

/** The answers to all of them, by field, id and role. */
async function answers(): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const { type, field, document } of documents) {
    const name = `${type.name}.${field.name}`
    const asked = (own.ids[type.name] ?? ['']).flatMap((id, index) =>
      (index === 0 ? roles : (['ADMIN'] as const)).map(async (role) => {
        const answer = await t.query(document(), { id }, keys[role])
        look(answer.data)
        if (role === 'ADMIN') expect(answer.errors, name).toBeUndefined()
        found.set(`${name} of ${index} as ${role}`, shown(answer))
      }),
    )
    await Promise.all(asked)
    if (type === query && field.args.some((argument) => argument.name === 'name')) {
      const foreign = `{ ${called(own, field, { name: '"elsewhere"' })} }`
      found.set(`${name} by a foreign name`, shown(await t.query(foreign, {}, keys.ADMIN)))
    }
  }
  return found
}

interface Batch {
  cursor: string
}

/** The first batch of a subscription, or the error in its place. */
async function firstBatch(project: FilledProject, field: Field, headers: Headers, given: Record<string, string> = {}) {
  const client = createClient({
    url: `${t.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { ...headers },
  })
  onTestFinished(() => void client.dispose())
  const events = client.iterate<Record<string, Batch>>({ query: `subscription { ${called(project, field, given)} }` })
  const { value } = await events.next()
  await client.dispose()
  const batch = value?.data?.[field.name]
  return { cursor: batch?.cursor, code: value?.errors?.[0]?.extensions?.code, batch: { ...batch, cursor: '' } }
}

async function batches(): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const field of subscriptions) {
    for (const role of roles) {
      const { batch, cursor } = await firstBatch(own, field, keys[role])
      look({ ...batch, cursor })
      found.set(`${field.name} as ${role}`, JSON.stringify(batch))
    }
  }
  return found
}

test('what a key of a project is answered does not depend on other projects, whatever its role', async () => {
  const before = [...(await answers()), ...(await batches())]
  elsewhere = await fillProject(t, 'elsewhere')
  const after = new Map([...(await answers()), ...(await batches())])
  expect(before.filter(([name, answer]) => after.get(name) !== answer).map(([name]) => name)).toEqual([])
  expect(after.size).toBe(before.length)
}, 120_000)

test('every field has something in the seeded project', () => {
  // The total of a list is null where it is not stored.
  const unseen = reachableFields().filter((field) => !seen.has(field) && !field.endsWith('Connection.totalCount'))
  expect(unseen.sort()).toEqual(Object.keys(empty).sort())
})

const withCursor = subscriptions.filter((field) => field.args.some(({ name }) => name === 'after'))

describe.each(withCursor.map((field) => [field.name, field] as const))('%s', (_name, field) => {
  test('does not continue from a cursor of another project', async () => {
    const { cursor } = await firstBatch(elsewhere, field, (await keysOf(elsewhere.projectId)).ADMIN)
    for (const role of roles) {
      for (const project of [own, elsewhere]) {
        const { code } = await firstBatch(project, field, keys[role], { after: JSON.stringify(cursor) })
        expect(['NOT_FOUND', 'INVALID_INPUT']).toContain(code)
      }
    }
  })
})

/** What the ids of an argument are of. */
function typeOfIds(name: string, field: Field): string {
  if (/^(baseline|candidate|run)Ids?$/.test(name)) return 'Run'
  if (field.name === 'runItemOutput') return 'RunItem'
  if (name === 'id') return getNamedType(field.type).name
  if (name === 'providerId') return 'Provider'
  if (name === 'itemIds') return 'DatasetItem'
  if (name === 'datasetId') return 'Dataset'
  if (name === 'startedById' || name === 'authorId') return 'Person'
  if (name === 'fromId') return 'PromptVersion'
  if (name === 'itemIds') return 'DatasetItem'
  if (name === 'experimentId') return 'Experiment'
  if (name === 'items') return field.name === 'runFeed' ? 'RunItem' : 'DatasetItem'
  throw new Error(`no case for the ids of ${name} of ${field.name}`)
}

const given = idArguments().filter(({ field }) => field.name !== 'node' && field.name !== 'nodes')

test.each(given.map((one) => [one.name, one] as const))(
  '%s treats an id of another project like one that does not exist',
  async (_name, { type, field, path }) => {
    const idType = typeOfIds(path.at(-1) ?? '', field)
    const foreign = elsewhere.ids[idType]?.[0] ?? ''
    const missing = encodeGlobalId(
      idType as 'Run',
      { RunItem: `${randomUUID()}:0`, DatasetItem: '999999999' }[idType] ?? randomUUID(),
    )
    const [name = '', ...within] = path
    const argument = field.args.find((one) => one.name === name)
    if (!argument) throw new Error(`${field.name} has no argument ${name}`)
    // Only several runs can be ranked, and what is said of them may be nothing.
    const isOfSeveral = field.name === 'pairwiseRanking'
    const ask = async (id: string, headers: Headers) => {
      const value = isOfSeveral ? JSON.stringify([own.ids.Run?.[1], id]) : literal(argument.type, within, id)
      const args = { [name]: value }
      if (type.name === 'Subscription') {
        const { code, batch } = await firstBatch(own, field, headers, args)
        return JSON.stringify({ code, batch })
      }
      const selection = called(own, field, args, [type])
      if (type === query) return shown(await t.query(`{ ${selection} }`, {}, headers))
      if (nodeTypes.includes(type))
        return shown(await t.query(ofNode(type, selection), { id: own.ids[type.name]?.[0] }, headers))
      const above = Object.values(query.getFields()).find((field) => getNamedType(field.type) === type)
      if (!above) throw new Error(`no way to ${type.name}`)
      const whole = called(own, above, {}, [])
      return shown(await t.query(`{ ${whole.replace(/\{.*/s, '')} { ${selection} } }`, {}, headers))
    }
    for (const role of roles) {
      const [answer, expected] = [await ask(foreign, keys[role]), await ask(missing, keys[role])]
      expect(answer.replaceAll(foreign, missing)).toBe(expected)
      if (path.length === 1 && !isOfSeveral) expect(answer).not.toBe(await ask(own.ids[idType]?.[0] ?? '', keys[role]))
    }
  },
)
