/**
 * Rows of another project are treated as nonexistent: through every node type, every link between node types and every
 * argument that takes an id. A new type, link or argument fails here until the seeded project covers it.
 */
import { hash } from 'node:crypto'
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isInputObjectType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../../schema/index.ts'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { testScope } from '../helpers/scope.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

type Field = GraphQLField<unknown, unknown>

/** The global id of one node of each type. */
type Ids = Record<string, string>

const nodeInterface = schema.getType('Node')
const nodeTypes = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType => isObjectType(type) && type.getInterfaces().some((one) => one === nodeInterface),
)
const query = schema.getQueryType() as GraphQLObjectType

let t: TestServer
let own: Ids
let foreign: Ids
/** A run with other content than `Run`, to compare that with, by the project's name. */
const baselines = new Map<string, string>()
/** All global ids of a seeded project, by the project's name. */
const everything = new Map<string, Set<string>>()
/** The key of an ADMIN of a seeded project, by its name. */
const keys = new Map<string, string>()

beforeAll(async () => {
  t = await startTestServer()
  await t.db.prisma.project.update({ where: { id: t.scope.projectId }, data: { name: 'own' } })
  own = await seedProject(t.scope.projectId, 'own')
  const elsewhere = await t.db.prisma.project.create({ data: { name: 'foreign' } })
  foreign = await seedProject(elsewhere.id, 'foreign')
})
afterAll(() => t[Symbol.asyncDispose]())

/** A seed for which a run executes these items in this order, which is how it finds them. */
function seedThatOrders(items: readonly bigint[]): string {
  for (let n = 0; ; n++) {
    const hashes = items.map((id) => hash('md5', `${n}:${id}`))
    if (hashes.join() === hashes.toSorted().join()) return String(n)
  }
}

/** A project with one node of every type, and every link between them. */
async function seedProject(projectId: string, name: string): Promise<Ids> {
  const { prisma } = t.db
  const { key, apiKey } = await createApiKey(t.db, await testScope(t.db, projectId), { name, role: 'ADMIN' })
  keys.set(name, key)
  const { id: datasetId } = await prisma.dataset.create({
    data: {
      projectId,
      name,
      seed: 's',
      version: 2,
      itemCount: 1,
      versions: {
        createMany: {
          data: [
            { version: 1, added: 1, changed: 0, archived: 0, itemCount: 1 },
            { version: 2, added: 0, changed: 1, archived: 0, itemCount: 1 },
          ],
        },
      },
    },
  })
  const file = await prisma.attachment.create({
    data: {
      ...{ project: { connect: { id: projectId } }, mediaType: 'text/plain' },
      content: { create: { projectId, sha256: new Uint8Array(32), bytes: 1 } },
    },
  })
  const metadata = { file: { $file: encodeGlobalId('Attachment', file.id) } }
  const item = await prisma.datasetItem.create({ data: { datasetId, identity: 'key:1' } })
  const revision = { itemId: item.id, datasetId, input: name, metadata, tags: [] }
  await prisma.datasetItemRevision.createMany({
    data: [
      { ...revision, validFrom: 1, validTo: 2, digest: new Uint8Array([1]) },
      { ...revision, input: `${name} 2`, validFrom: 2, digest: new Uint8Array([2]) },
    ],
  })
  const archived = await prisma.datasetItem.create({ data: { datasetId, identity: 'key:archived' } })
  const plain = await prisma.datasetItem.create({ data: { datasetId, identity: 'key:plain' } })
  await prisma.datasetItemRevision.create({
    data: { ...revision, itemId: archived.id, validFrom: 1, validTo: 2, digest: new Uint8Array([3]) },
  })
  await prisma.datasetItemRevision.create({
    data: { ...revision, itemId: plain.id, validFrom: 1, digest: new Uint8Array([4]) },
  })
  const evaluator = await prisma.evaluator.create({
    data: {
      projectId,
      name,
      datasets: { create: { datasetId } },
      versions: {
        create: {
          version: 1,
          definition: { kind: 'builtin', type: 'exactMatch' },
          dataType: 'NUMERIC',
          direction: 'NONE',
        },
      },
    },
    include: { current: true },
  })
  const content = { messages: [{ role: 'USER', content: name }], parameters: {}, tools: [], maxSteps: 1 }
  const prompt = await prisma.prompt.create({
    data: {
      ...{ projectId, name, version: 2 },
      versions: { create: [1, 2].map((version) => ({ version, content, authorId: apiKey.personId })) },
    },
    include: { newest: true, versions: true },
  })
  await prisma.promptLabel.create({
    data: { promptId: prompt.id, name: 'production', version: 2, movedById: apiKey.personId },
  })
  const provider = await prisma.provider.create({
    data: { projectId, name, kind: 'OLLAMA', prices: { create: { model: name, input: 1, output: 2 } } },
    include: { prices: true },
  })
  const reference = { id: prompt.id, name, version: 2, label: null }
  const pinned = { content, version: { id: prompt.newest.id, number: 2 }, prompt: reference }
  const task = { kind: 'prompt', provider: name, model: name, prompt: pinned, parameters: {}, stream: true }
  const experiment = await prisma.experiment.create({
    data: {
      ...{ projectId, datasetId, name, task, settings: {}, evaluatorsNamed: true, promptId: prompt.id },
      evaluators: { create: { evaluatorId: evaluator.id } },
    },
  })
  const seed = seedThatOrders([item.id, archived.id, plain.id])
  const run = await prisma.run.create({
    data: {
      ...{ projectId, datasetId, experimentId: experiment.id, datasetVersion: 1, name, status: 'COMPLETED', seed },
      ...{
        task,
        settings: { repetitions: 1 },
        total: 1,
        queued: 0,
        succeeded: 1,
        costSum: 1,
        costCount: 1,
        startedById: apiKey.personId,
      },
      promptVersionId: prompt.newest.id,
      evaluators: { create: { evaluatorVersionId: evaluator.current.id, name } },
    },
  })
  const baseline = await prisma.run.create({
    data: {
      ...{ projectId, datasetId, experimentId: experiment.id, datasetVersion: 2, name, status: 'COMPLETED', seed },
      ...{ task, settings: { repetitions: 1 }, total: 1, queued: 0, succeeded: 1, startedById: apiKey.personId },
      promptVersionId: prompt.newest.id,
    },
  })
  for (const { id: runId } of [run, baseline]) {
    const place = { ordinal: 0, position: 0, repetition: 0 }
    await prisma.runItem.create({ data: { runId, itemId: item.id, ...place, status: 'SUCCEEDED', output: name } })
  }
  baselines.set(name, encodeGlobalId('Run', baseline.id))
  for (const runId of [run.id, baseline.id]) {
    for (const [index, itemId] of [archived.id, plain.id].entries()) {
      const place = { ordinal: index + 1, position: index + 1, repetition: 0 }
      await prisma.runItem.create({ data: { runId, itemId, ...place, status: 'SUCCEEDED', output: name } })
    }
    const labels = { source: 'API', dataType: 'CATEGORICAL', direction: 'NONE', failurePolicy: 'MISSING' } as const
    await prisma.runScoreSummary.create({ data: { runId, name: `labels of ${name}`, ...labels } })
    const judged = { source: 'EVALUATOR', dataType: 'NUMERIC', direction: 'NONE', failurePolicy: 'MISSING' } as const
    await prisma.runScoreSummary.create({ data: { runId, name: `judged in ${name}`, ...judged } })
  }
  await prisma.run.update({
    where: { id: run.id },
    data: { earlyStop: { baselineId: run.id, metric: { kind: 'SCORE', name, source: null }, margin: 0 } },
  })
  await prisma.dataset.update({
    where: { id: datasetId },
    data: { baselineRunId: baseline.id, baselineApprovedAt: new Date() },
  })
  const score = { runId: run.id, name, dataType: 'NUMERIC', value: 1, source: 'EVALUATOR' } as const
  const ofRun = await prisma.score.create({ data: score })
  const { id: scoreId } = await prisma.score.create({
    data: { ...score, ordinal: 0, evaluatorVersionId: evaluator.current.id },
  })
  const pairwise = await prisma.evaluator.create({
    data: {
      ...{ projectId, name: `pairs of ${name}` },
      datasets: { create: { datasetId } },
      versions: {
        create: {
          ...{ version: 1, dataType: 'NUMERIC', direction: 'NONE' },
          definition: { kind: 'pairwise', baselineId: baseline.id },
        },
      },
    },
    include: { current: true },
  })
  await prisma.runEvaluator.create({
    data: { runId: run.id, evaluatorVersionId: pairwise.current.id, name: pairwise.name },
  })
  const verdicts = await Promise.all(
    [1, 0].map((value, ordinal) =>
      prisma.score.create({
        data: { ...score, name: pairwise.name, value, ordinal, evaluatorVersionId: pairwise.current.id },
      }),
    ),
  )
  const limit = await prisma.endpointLimit.create({ data: { projectId, endpoint: `module:${name}`, concurrency: 1 } })
  const config = await prisma.scoreConfig.create({
    data: { projectId, name, dataType: 'BOOLEAN', direction: 'NONE' },
  })
  const selection = { kind: 'ALL' }
  const queue = await prisma.reviewQueue.create({
    data: {
      ...{
        projectId,
        name,
        runId: run.id,
        baselineId: baseline.id,
        selection,
        scores: [name],
        seed: 's',
        itemCount: 1,
      },
      createdById: apiKey.personId,
      assignees: { create: { personId: apiKey.personId } },
      items: { create: { position: 0, ordinal: 0, probability: 1 } },
    },
  })
  await prisma.review.create({ data: { queueId: queue.id, position: 0, personId: apiKey.personId, status: 'DONE' } })
  // Two evaluators that disagree.
  const other = `${name} too`
  const series = { source: 'EVALUATOR', dataType: 'NUMERIC', direction: 'NONE', failurePolicy: 'MISSING' } as const
  await prisma.runScoreSummary.createMany({
    data: [name, other].map((committee) => ({ runId: run.id, name: committee, ...series })),
  })
  const { id: otherScoreId } = await prisma.score.create({ data: { ...score, name: other, value: 2, ordinal: 0 } })
  const rawIds: Ids = {
    ApiKey: apiKey.id,
    Attachment: file.id,
    Dataset: datasetId,
    DatasetItem: String(item.id),
    DatasetItemRevision: `${item.id}:1`,
    EndpointLimit: limit.id,
    Evaluator: evaluator.id,
    Experiment: experiment.id,
    ModelPrice: provider.prices[0]?.id ?? '',
    Person: apiKey.personId,
    Project: projectId,
    Prompt: prompt.id,
    PromptVersion: prompt.newest.id,
    Provider: provider.id,
    ReviewItem: `${queue.id}:0`,
    ReviewQueue: queue.id,
    Run: run.id,
    RunItem: `${run.id}:0`,
    Score: `${run.id}:${scoreId}`,
    ScoreConfig: config.id,
  }
  const ids = Object.entries(rawIds).map(([type, id]) => [type, encodeGlobalId(type, id)] as const)
  const more = [
    encodeGlobalId('Run', baseline.id),
    encodeGlobalId('RunItem', `${baseline.id}:0`),
    ...[run.id, baseline.id].flatMap((id) => [1, 2].map((ordinal) => encodeGlobalId('RunItem', `${id}:${ordinal}`))),
    encodeGlobalId('DatasetItem', String(plain.id)),
    encodeGlobalId('DatasetItemRevision', `${plain.id}:1`),
    encodeGlobalId('Score', `${run.id}:${ofRun.id}`),
    encodeGlobalId('Score', `${run.id}:${otherScoreId}`),
    encodeGlobalId('Evaluator', pairwise.id),
    ...verdicts.map(({ id }) => encodeGlobalId('Score', `${run.id}:${id}`)),
    encodeGlobalId('DatasetItemRevision', `${item.id}:2`),
    encodeGlobalId('DatasetItem', String(archived.id)),
    encodeGlobalId('DatasetItemRevision', `${archived.id}:1`),
    ...prompt.versions.map(({ id }) => encodeGlobalId('PromptVersion', id)),
  ]
  everything.set(name, new Set([...ids.map(([, id]) => id), ...more]))
  return Object.fromEntries(ids)
}

/** The value of an argument that is required or takes an id. */
function argumentOf(field: Field, name: string, ids: Ids, project: string): string {
  const types: Record<string, string> = {
    candidateIds: 'Run',
    runId: 'Run',
    datasetId: 'Dataset',
    experimentId: 'Experiment',
    authorId: 'Person',
    itemIds: 'DatasetItem',
    providerId: 'Provider',
    fromId: 'PromptVersion',
    startedById: 'Person',
  }
  const type = types[name]
  if (field.name === 'run' && name === 'id') return `"${ids.Run}"`
  if (name === 'baselineId') return `"${baselines.get(project)}"`
  if (name === 'path') return '["file"]'
  if (name === 'runIds') return `["${ids.Run}", "${baselines.get(project)}"]`
  if (field.name === 'calibratedDeltas') return `{ score: { name: "judged in ${project}" } }`
  if (field.name === 'labelChanges') return `{ score: { name: "labels of ${project}" } }`
  if (['planRun', 'ranking'].includes(field.name) && name === 'metric') return '{ failed: true }'
  if (['metric', 'of', 'per'].includes(name)) return '{ latency: true }'
  if (name === 'by') return '{ tag: true }'
  if (name === 'goal') return '{ effect: 1 }'
  if (name === 'name' || name === 'score') return JSON.stringify(project)
  if (field.name === 'revision' && name === 'version') return '1'
  if (name === 'task') {
    const prompt = '{ content: { messages: [{ role: USER, content: "{{input}}" }] } }'
    return `{ prompt: { provider: "${project}", model: "${project}", prompt: ${prompt} } }`
  }
  if (type === undefined) throw new Error(`no case for the argument ${name} of ${field.name}`)
  return name.endsWith('s') ? `["${ids[type]}"]` : `"${ids[type]}"`
}

/** The field with its required arguments. */
function called(field: Field, ids: Ids, project: string): string {
  const required = field.args.filter(isRequiredArgument)
  if (required.length === 0) return field.name
  return `${field.name}(${required.map(({ name }) => `${name}: ${argumentOf(field, name, ids, project)}`).join(', ')})`
}

/** The paths from a type to the next node types, through any types in between. */
function* linksOf(
  type: GraphQLObjectType,
  way: Field[] = [],
  between: GraphQLObjectType[] = [type],
): Generator<Field[]> {
  for (const field of Object.values(type.getFields())) {
    if (type === query && (field.name === 'node' || field.name === 'nodes')) continue
    const target = getNamedType(field.type)
    const reached = isUnionType(target) ? target.getTypes() : isObjectType(target) ? [target] : []
    for (const next of reached) {
      if (nodeTypes.includes(next)) yield [...way, field]
      else if (!between.includes(next)) yield* linksOf(next, [...way, field], [...between, next])
    }
  }
}

const spelled = (way: Field[], ids: Ids, project: string) =>
  way.reduceRight((below, field, index) => {
    const target = getNamedType(field.type)
    const next = way[index + 1]
    const member = isUnionType(target) && target.getTypes().find((one) => next && one.getFields()[next.name] === next)
    return `${called(field, ids, project)} { ${member ? fragment(member, below) : below} }`
  }, 'id')

const fragment = (type: GraphQLObjectType, selection: string) => `... on ${type.name} { ${selection} }`

/** Queries as an ADMIN of the own project. */
const ask = (document: string, variables: object) =>
  t.query(document, variables, { authorization: `Bearer ${keys.get('own')}` })

/** All global ids in a response. */
function idsIn(answer: unknown): string[] {
  return [...JSON.stringify(answer).matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id as string)
}

test('the seeded projects have a node of every type', () => {
  expect(Object.keys(own).sort()).toEqual(nodeTypes.map(({ name }) => name).sort())
})

test.each(nodeTypes.map((type) => [type.name, type] as const))(
  'a foreign %s is null, and so are all of its links',
  async (name, type) => {
    for (const way of [[], ...linksOf(type)]) {
      const selection = way.length > 0 ? spelled(way, own, 'own') : '__typename'
      const document = `query($id: ID!, $ids: [ID!]!) {
        node(id: $id) { ${fragment(type, selection)} } nodes(ids: $ids) { id ${fragment(type, selection)} }
      }`
      const variables = { id: foreign[name], ids: [foreign[name], own[name]] }
      // Interpreted, then compiled.
      for (let n = 0; n < 2; n++) {
        const { data, errors } = await ask(document, variables)
        expect(errors).toBeUndefined()
        expect(data).toMatchObject({ node: null, nodes: [null, { id: own[name] }] })
      }
    }
  },
)

/** Takes at least twenty items that change: in comparison/beside-metrics.test.ts. */
const ofManyItems = 'Query.compareRuns.dependence.candidate'

const links = [query, ...nodeTypes]
  .flatMap((type) =>
    [...linksOf(type)].map((way) => [`${type.name}.${way.map(({ name }) => name).join('.')}`, type, way] as const),
  )
  .filter(([name]) => name !== ofManyItems)

test.each(links)('%s leads only to rows of the project', async (_name, type, way) => {
  const selection = spelled(way, own, 'own')
  const document =
    type === query ? `{ ${selection} }` : `query($id: ID!) { node(id: $id) { ${fragment(type, selection)} } }`
  for (let n = 0; n < 2; n++) {
    const { data, errors } = await ask(document, { id: own[type.name] })
    expect(errors).toBeUndefined()
    const ids = idsIn(data)
    expect(ids, 'the seeded project has no such link').not.toEqual([])
    for (const id of ids) expect(everything.get('own')).toContain(id)
  }
})

/** The paths in an argument to what names a thing: an id or a name, alone or in an input such as a filter. */
function pathsToNames(name: string, type: GraphQLNamedType): ([string] | [string, string])[] {
  if (type.name === 'ID' || name === 'name') return [[name]]
  const fields = isInputObjectType(type) ? Object.values(type.getFields()) : []
  return fields.flatMap((field): [string, string][] =>
    getNamedType(field.type).name === 'ID' ? [[name, field.name]] : [],
  )
}

const taking = [query, ...nodeTypes].flatMap((type) =>
  [...linksOf(type)].flatMap((way) => {
    const [field] = way
    const named = field?.args.flatMap(({ name, type }) => pathsToNames(name, getNamedType(type))) ?? []
    return named.map(
      (path) => [`${type.name}.${way.map((step) => step.name).join('.')}(${path.join('.')})`, type, way, path] as const,
    )
  }),
)

test.each(taking)('%s of a foreign project leads nowhere', async (_name, type, [field, ...way], [argument, inner]) => {
  if (!field) throw new Error('a link has at least one field')
  const names = new Set([argument, ...field.args.filter(isRequiredArgument).map(({ name }) => name)])
  const args = [...names].map((name) => {
    if (name !== argument) return `${name}: ${argumentOf(field, name, own, 'own')}`
    const value = argumentOf(field, inner ?? name, foreign, 'foreign')
    return `${name}: ${inner ? `{ ${inner}: ${value} }` : value}`
  })
  const selection = `${field.name}(${args.join(', ')}) { ${way.length > 0 ? spelled(way, own, 'own') : 'id'} }`
  const document =
    type === query ? `{ ${selection} }` : `query($id: ID!) { node(id: $id) { ${fragment(type, selection)} } }`
  const { data, errors } = await ask(document, { id: own[type.name] })
  if (errors) expect(errors[0]?.extensions?.code).toBe('NOT_FOUND')
  else expect(idsIn(data)).toEqual([])
})
