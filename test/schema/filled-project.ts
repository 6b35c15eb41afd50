import { Readable } from 'node:stream'
import { encodeGlobalId, type NodeType } from '../../schema/relay/global-id.ts'
import type { Generation } from '../../src/domain/model/generation.ts'
import type { PinnedPrompt } from '../../src/domain/prompt/prompt.ts'
import { storeAttachment } from '../../src/engine/attachments/store-attachment.ts'
import { setGate } from '../../src/engine/comparison/gates.ts'
import { createEvaluator, deleteEvaluator } from '../../src/engine/evaluators.ts'
import { updateExperiment } from '../../src/engine/experiments.ts'
import { setEndpointLimit } from '../../src/engine/limits/set-endpoint-limit.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { setProjectQuota } from '../../src/engine/projects/quotas.ts'
import { createPrompt, setPromptArchived, setPromptLabel, updatePrompt } from '../../src/engine/prompts/prompts.ts'
import { setModelPrice } from '../../src/engine/providers/model-prices.ts'
import { createProvider } from '../../src/engine/providers/providers.ts'
import { createReviewQueue } from '../../src/engine/review/queues.ts'
import { claimReviewItems } from '../../src/engine/review/reviews.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { setScore } from '../../src/engine/scores.ts'
import { seedDataset, type TestEngine } from '../helpers/engine.ts'
import { promptTask } from '../helpers/prompt-task.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { testScope } from '../helpers/scope.ts'

export interface FilledProject {
  name: string
  projectId: string
  /** Global ids of nodes of each type, which together have something in every field that can have it. */
  ids: Record<string, string[]>
}

const items = [0, 1, 2, 3, 4, 5]
const at = new Date('2026-01-01T00:00:00Z')
const later = new Date('2026-01-01T00:00:10Z')

/** Connections which together have something in every field. */
async function fillProviders({ services, scope }: TestEngine, name: string) {
  const { id } = await createProvider(services, scope, {
    ...{ name, kind: 'AZURE', resourceName: name.replaceAll(/\W/g, '-'), apiVersion: '2024-10-21' },
    apiKey: `key-of-${name}`.replaceAll(' ', '-'),
  })
  const region = await createProvider(
    services,
    { ...scope, installation: true },
    {
      ...{ name: `${name} in a region`, kind: 'BEDROCK', region: 'eu-central-1', accessKeyId: 'A'.repeat(20) },
      ...{ baseUrl: `https://${name.replaceAll(/\W/g, '-')}.example`, apiKeyVariable: 'AWS_SECRET_ACCESS_KEY' },
    },
  )
  const prices = { input: 1, output: 2, cachedInput: 0.5, cacheWrite: 1.5, reasoning: 3 }
  const price = await setModelPrice(services, scope, { providerId: id, model: `model of ${name}`, ...prices })
  return { ids: [id, region.id], priceId: price.id }
}

function filledPromptTask(name: string, promptId: string, versionId: string) {
  const { prompt } = promptTask()
  return promptTask({
    prompt: {
      content: (prompt as PinnedPrompt).content,
      version: { id: versionId, number: 1 },
      prompt: { id: promptId, name, version: 1, label: name },
    },
    ...{ provider: name, model: `model of ${name}`, firstTokenTimeoutMs: 1_000 },
    parameters: { temperature: 0.5 },
  })
}

function generationOf(name: string): Generation {
  const prices = { input: 1, output: 2, cachedInput: 0.5, cacheWrite: 1.5, reasoning: 3 }
  return {
    model: `model of ${name}`,
    finishReason: 'STOP',
    usage: { inputTokens: 1, cachedInputTokens: 1, cacheWriteTokens: 1, outputTokens: 2, reasoningTokens: 1 },
    costReported: false,
    price: { source: 'TABLE', model: `model of ${name}`, prices, table: name },
    reasoning: name,
    firstTokenMs: 1,
    tokensPerSecond: 2,
    steps: 1,
    warnings: [name],
  }
}

/** Creates a project with rows of every kind, whose texts all contain its name. */
export async function fillProject(engine: TestEngine, name: string): Promise<FilledProject> {
  const { services, db } = engine
  const { prisma, pool } = db
  const { id: projectId } = await prisma.project.create({ data: { name } })
  const scope = await testScope(db, projectId)
  const t = { ...engine, scope }
  const described = { description: `of ${name}`, metadata: { of: name } }

  const datasetId = await seedDataset(
    t,
    items.map((n) => `${name} ${n}`),
  )
  const attachment = await storeAttachment(services, scope, {
    source: Readable.from([Buffer.from(name)]),
    mediaType: 'text/plain',
    filename: `${name}.txt`,
  })
  const { id: itemId } = await prisma.datasetItem.findFirstOrThrow({ where: { datasetId } })
  await prisma.datasetItem.update({ where: { id: itemId }, data: { key: name } })
  const metadata = { of: name, file: { $file: encodeGlobalId('Attachment', attachment.id) } }
  const revision = { itemId, datasetId, input: `${name} 0`, expectedOutput: name, tags: [name], metadata }
  await prisma.datasetItemRevision.updateMany({ where: { itemId }, data: { ...revision, validTo: 2 } })
  await prisma.datasetItemRevision.create({
    data: { ...revision, metadata: { ...metadata, of: `${name} 2` }, validFrom: 2, digest: new Uint8Array([2]) },
  })
  const archived = await prisma.datasetItem.create({ data: { datasetId, identity: `key:${name} archived` } })
  await prisma.datasetItemRevision.create({
    data: { ...revision, itemId: archived.id, validFrom: 1, validTo: 2, digest: new Uint8Array([3]) },
  })
  const versions = { createMany: { data: [1, 2].map((version) => ({ ...countsOf(version), version })) } }

  await prisma.dataset.create({ data: { ...described, projectId, name: `${name}/in a folder`, seed: name } })

  const definition = { kind: 'builtin', type: 'exactMatch' }
  const builtin = await createEvaluator(services, scope, {
    name,
    definition,
    description: name,
    datasetIds: [datasetId],
    direction: 'HIGHER_IS_BETTER',
  })
  const removed = await createEvaluator(services, scope, {
    name: `${name} removed`,
    definition: { kind: 'module', module: 'judge' },
  })
  const judge = { definition: { kind: 'module', module: 'judge' } }
  const stars = await createEvaluator(services, scope, { ...judge, name: `${name} stars`, min: 1, max: 5 })
  const categories = [name]
  const ofTone = { ...judge, name: `${name} tone`, dataType: 'CATEGORICAL', categories } as const
  const tone = await createEvaluator(services, scope, ofTone)
  const direction = { direction: 'NONE' } as const
  const boolean = await setScoreConfig(services, scope, { name, dataType: 'BOOLEAN', direction: 'HIGHER_IS_BETTER' })
  const ofLabels = { name: `${name} labels`, dataType: 'CATEGORICAL', ...direction, categories } as const
  const labels = await setScoreConfig(services, scope, ofLabels)
  const ofNumbers = { name: `${name} numbers`, dataType: 'NUMERIC', ...direction, min: 0, max: 1 } as const
  const numbers = await setScoreConfig(services, scope, ofNumbers)
  await deleteEvaluator(services, scope, removed.id)

  const ofClient = await prisma.evaluator.create({
    data: {
      projectId,
      name: `${name} of a client`,
      active: false,
      versions: {
        create: {
          version: 1,
          definition: { kind: 'client', name, version: name },
          dataType: 'NUMERIC',
          direction: 'NONE',
        },
      },
    },
  })

  const record = (shift: number, status: 'COMPLETED' | 'RUNNING', datasetVersion = 1) => {
    const executions = items.map((item) => ({
      item,
      output: `${name} ${(item * shift) % 5}`,
      latencyMs: 10 + item * shift,
      costUsd: 0.01 * (item + shift),
      scores: { good: (item + shift) % 3 > 0, similarity: (item * shift) / 10, tone: `${name} ${item % shift}` },
    }))
    const failed = { item: 5, status: 'FAILED' as const, error: name, scores: { good: null } }
    return recordRun(t, datasetId, [...executions.slice(0, 5), failed], { status, datasetVersion })
  }
  const runIds = [await record(1, 'COMPLETED'), await record(2, 'COMPLETED', 2), await record(3, 'RUNNING')]
  const [runId = '', candidateId = '', runningId = ''] = runIds
  const module = { kind: 'module', name: 'any' }
  const sums = { latencySum: 60, latencyMin: 10, latencyMax: 15, costSum: 0.2, costCount: 5, costMax: 0.1 }
  const evaluation = { evaluatorCostSum: 0.1, evaluatorCostCount: 5, inputTokens: 7n, outputTokens: 9n }
  const settings = {
    concurrency: 3,
    repetitions: 1,
    timeoutMs: 1_000,
    maxAttempts: 2,
    budgetUsd: 5,
    maxFailureRate: 0.5,
  }
  await prisma.run.updateMany({
    where: { id: { in: runIds } },
    data: {
      name,
      ...described,
      ...sums,
      ...evaluation,
      settings: { ...settings, cache: true },
      task: module,
      functions: { tasks: { any: `of ${name}` }, evaluators: {} },
      startedAt: at,
    },
  })
  const http = {
    ...{ kind: 'http', url: `http://${name}.example`, method: 'POST', headers: { of: name }, body: { of: name } },
    ...{ outputPath: '$.a', costPath: '$.b', inputTokensPath: '$.c', outputTokensPath: '$.d' },
  }
  const asked = {
    idempotencyKey: name,
    startedById: scope.person.id,
    subset: { itemIds: [String(itemId)], tags: [name], sample: 2 },
    earlyStop: { baselineId: candidateId, metric: { kind: 'SCORE', name: 'good', source: 'EVALUATOR' }, margin: 0.1 },
    evaluators: { create: { evaluatorVersionId: builtin.current.id, name: builtin.name } },
  }
  await prisma.run.update({ where: { id: runId }, data: asked })
  const ended = { status: 'STOPPED', stopReason: 'BUDGET', finishedAt: later } as const
  await prisma.run.updateMany({ where: { id: { in: [runId, candidateId] } }, data: ended })
  await prisma.runItem.updateMany({
    where: { runId: { in: runIds } },
    data: { evaluatorCostUsd: 0.1, inputTokens: 1, outputTokens: 2, traceId: name, startedAt: at, finishedAt: later },
  })
  const error = { code: `of ${name}`, message: name, retryable: false, attempt: 1 }
  await prisma.runItem.updateMany({ where: { runId: { in: runIds }, status: 'FAILED' }, data: { error } })
  const pinned = { m2: 1, lowest: 0, highest: 1, categories }
  await prisma.runScoreSummary.updateMany({ where: { runId: { in: runIds } }, data: pinned })
  for (const [id, evaluator] of [
    [runId, builtin],
    [candidateId, stars],
  ] as const) {
    const where = { runId: id, name: 'tone' }
    await prisma.runScoreSummary.updateMany({ where, data: { evaluatorVersionId: evaluator.current.id } })
  }
  await pool.query(
    `INSERT INTO run_score_label (run_id, name, source, label, count) SELECT unnest($1::uuid[]), 'tone', 'EVALUATOR', $2, 3`,
    [runIds, name],
  )
  await pool.query(`INSERT INTO run_latency_bucket (run_id, bucket, count) SELECT unnest($1::uuid[]), 40, 5`, [runIds])
  await prisma.score.updateMany({
    where: { runId: { in: runIds } },
    data: { comment: name, metadata: { of: name }, costUsd: 0.01, evaluatorVersionId: builtin.current.id },
  })
  const human = { runId, name: 'liked', source: 'HUMAN', comment: name, metadata: { of: name } } as const
  const scores = [
    await setScore(services, scope, { ...human, ordinal: 0, dataType: 'NUMERIC', value: 1 }),
    await setScore(services, scope, { ...human, ordinal: null, dataType: 'CATEGORICAL', label: name }),
    ...(await prisma.score.findMany({
      where: { runId, ordinal: { not: null }, name: 'good' },
      orderBy: { id: 'asc' },
    })),
  ]

  await prisma.dataset.update({
    where: { id: datasetId },
    data: {
      ...described,
      name,
      version: 2,
      inputSchema: { title: name },
      expectedOutputSchema: { title: name },
      clusterPath: ['of'],
      baselineRunId: runId,
      baselineAuthor: name,
      baselineApprovedAt: at,
      versions,
    },
  })
  const runs = await prisma.run.findMany({ where: { id: { in: runIds } } })
  const [experimentId = '', otherExperimentId = '', echoingId = ''] = runIds.map(
    (id) => runs.find((run) => run.id === id)?.experimentId ?? '',
  )
  await prisma.experiment.update({
    where: { id: experimentId },
    data: {
      ...described,
      name,
      task: http,
      evaluatorsNamed: true,
      evaluators: { create: { evaluatorId: builtin.id } },
    },
  })

  const echo = { kind: 'echo', outputPath: '$.metadata.of' }
  await prisma.experiment.update({ where: { id: echoingId }, data: { task: echo } })
  const clientTask = { kind: 'client', name, version: name }
  await prisma.run.updateMany({ where: { id: runningId }, data: { task: clientTask } })
  // Waits to be scored.
  const recorded = { output: name, latencyMs: 1, costUsd: null, inputTokens: null, outputTokens: null, scores: [] }
  const first = { runId: runningId, ordinal: 0 }
  await prisma.runItem.updateMany({ where: first, data: { availableAt: later, recorded } })
  const [promptId, promptVersionIds, archivedPromptId] = await fillPrompts(t, name)
  await updateExperiment(services, scope, {
    id: experimentId,
    primaryMetrics: { metrics: [{ score: { name: 'good' } }], procedure: 'HOLM', weights: [1] },
  })
  await prisma.experiment.update({ where: { id: experimentId }, data: { promptId } })
  await prisma.run.updateMany({ where: { id: runId }, data: { promptVersionId: promptVersionIds[0] } })

  const metric = { score: { name: 'good' } }
  await setGate(services, scope, experimentId, {
    ...{ maxFailureRate: 0.5, maxCostUsd: 1, maxAvgCostUsd: 1, maxAvgLatencyMs: 100, maxP95LatencyMs: 100 },
    minMeans: [
      { metric, value: 0.1, minShare: 0.5 },
      { metric: { score: { name: 'tone' } }, value: 0.1, as: { success: [name] } },
    ],
    notWorse: [
      { metric, margin: 0.1, minShare: 0.5 },
      { metric, margin: 0.1, as: { pass: { k: 1 } } },
    ],
  })

  const provider = await fillProviders(t, name)
  const prompting = JSON.parse(JSON.stringify(filledPromptTask(name, promptId, promptVersionIds[0] ?? '')))
  await prisma.experiment.update({ where: { id: otherExperimentId }, data: { task: prompting } })
  await prisma.run.update({ where: { id: candidateId }, data: { task: prompting } })
  await prisma.run.updateMany({ where: { id: runId }, data: { stopMessage: name } })
  await prisma.runItem.updateMany({
    where: { runId },
    data: { generation: JSON.parse(JSON.stringify(generationOf(name))) },
  })

  const limits = { concurrency: 1, requestsPerMinute: 2, tokensPerMinute: 3 }
  const limit = await setEndpointLimit(services, scope, { endpoint: `module:${name}`, ...limits })
  const quota = { runItems: 1_000_000, storageMb: 10_000, concurrentCalls: 1_000, subscriptions: 1_000 }
  await setProjectQuota(services, scope, quota)
  const { apiKey } = await createApiKey(t.db, scope, { name, role: 'READ' })
  const revoked = await createApiKey(t.db, scope, { name: `${name} revoked`, role: 'READ' })
  await revokeApiKey(t.db, scope, revoked.apiKey.id)
  await prisma.apiKey.updateMany({ where: { projectId }, data: { lastUsedAt: at } })

  const reviews = await fillReviewQueues(t, name, runId, candidateId)
  const rawIds: Record<NodeType, string[]> = {
    ApiKey: [apiKey.id, revoked.apiKey.id],
    Attachment: [attachment.id],
    Dataset: [datasetId],
    DatasetItem: [String(itemId)],
    DatasetItemRevision: [`${itemId}:1`],
    EndpointLimit: [limit.id],
    Evaluator: [builtin.id, removed.id, ofClient.id, stars.id, tone.id],
    Experiment: [experimentId, otherExperimentId, echoingId],
    ModelPrice: [provider.priceId],
    Person: [apiKey.personId],
    Project: [projectId],
    Prompt: [promptId, archivedPromptId],
    PromptVersion: promptVersionIds,
    Provider: provider.ids,
    ReviewItem: [`${reviews.ids[0]}:0`, `${reviews.ids[1]}:0`],
    ReviewQueue: reviews.ids,
    Run: [runId, candidateId, runningId],
    RunItem: items.map((ordinal) => `${runId}:${ordinal}`),
    Score: scores.map((score) => `${runId}:${score.id}`),
    ScoreConfig: [boolean.id, labels.id, numbers.id],
  }
  const ids = Object.entries(rawIds).map(
    ([type, raw]) => [type, raw.map((id) => encodeGlobalId(type as NodeType, id))] as const,
  )
  return { name, projectId, ids: Object.fromEntries(ids) }
}

/** Queues of each kind, which together have something in every field that can have it. */
async function fillReviewQueues({ services, scope, db }: TestEngine, name: string, runId: string, baselineId: string) {
  const selections = [
    { sample: { size: 2, balance: 'good' } },
    { informative: { size: 2, score: 'similarity', by: 'UNCERTAINTY', between: [] } },
    { disagreements: { scores: ['good', 'similarity'], tolerance: 0.1, atMost: 3 } },
    { all: true },
    { regressions: { score: 'good', atMost: 3 } },
  ]
  const given = { description: `of ${name}`, runId, baselineId, scores: [name], assignees: [scope.person.name] }
  const ids: string[] = []
  for (const [n, selection] of selections.entries()) {
    const queue = { ...given, name: n === 0 ? name : `${name} ${n}`, selection, seed: name }
    ids.push((await createReviewQueue(services, scope, queue)).id)
  }
  await claimReviewItems(services, scope, { queueId: ids[0] ?? '', count: 1, skipped: false })
  await db.prisma.reviewQueue.updateMany({ where: { id: ids[0] ?? '' }, data: { closedAt: at } })
  const informative = await db.prisma.reviewQueue.findUniqueOrThrow({ where: { id: ids[1] ?? '' } })
  const selection = { ...(informative.selection as object), between: [name] }
  await db.prisma.reviewQueue.update({ where: { id: informative.id }, data: { selection } })
  // One that people have scored.
  const [item] = await db.prisma.reviewItem.findMany({ where: { queueId: ids[0] ?? '' } })
  const score = { runId, name, source: 'HUMAN', dataType: 'BOOLEAN', value: 1 } as const
  for (const author of ['one', 'other']) {
    const as = { ...scope, person: { ...scope.person, name: author } }
    await setScore(services, as, { ...score, ordinal: item?.ordinal ?? 0 })
  }
  return { ids }
}

/** A prompt of two versions, the newer one first in the list, and an archived one. */
async function fillPrompts({ services, scope, db }: TestEngine, name: string): Promise<[string, string[], string]> {
  const described = { description: `of ${name}`, metadata: { of: name } }
  const http = { kind: 'http', url: `http://${name}.example`, headers: { of: name }, body: { of: name } }
  const paths = { outputPath: '$.a', costPath: '$.b', inputTokensPath: '$.c', outputTokensPath: '$.d' }
  const tool = { description: name, inputSchema: { title: name } }
  const content = {
    messages: [{ role: 'USER', content: `${name} {{question}}` }],
    parameters: {
      ...{ temperature: 0.5, maxOutputTokens: 10, topP: 0.9, topK: 5, presencePenalty: 0.1, frequencyPenalty: 0.2 },
      ...{ stopSequences: [name], seed: 7, reasoningEffort: 'low', providerOptions: { openai: { of: name } } },
    },
    output: { schema: { title: name } },
    tools: [
      { ...tool, name: 'lookup', function: { module: 'any' } },
      { ...tool, name: 'search', function: { http: { ...http, ...paths } } },
    ],
  }
  const message = `about ${name}`
  const { id } = await createPrompt(services, scope, { name, ...described, content, message })
  const other = { ...content, parameters: { ...content.parameters, seed: 8 }, output: { schema: { title: 'new' } } }
  await updatePrompt(services, scope, { id, content: other, message })
  await setPromptLabel(services, scope, { promptId: id, label: 'production', version: 2 })
  const archived = await createPrompt(services, scope, { name: `${name} archived`, content })
  await setPromptArchived(services, scope, { id: archived.id, archived: true })
  const versions = await db.prisma.promptVersion.findMany({ where: { promptId: id }, orderBy: { version: 'desc' } })
  return [id, versions.map((version) => version.id), archived.id]
}

function countsOf(version: number) {
  return version === 1
    ? { added: items.length, changed: 0, archived: 0, itemCount: items.length }
    : { added: 0, changed: 1, archived: 0, itemCount: items.length }
}
