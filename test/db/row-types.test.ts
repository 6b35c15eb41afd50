import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReviewQueue } from '../../src/db/generated/prisma/client.ts'
import { type List, loadPages } from '../../src/db/keyset.ts'
import { pageBytes } from '../../src/db/query-within-bytes.ts'
import { loadCells } from '../../src/db/sql/comparison/load-cells.ts'
import { listDatasets } from '../../src/db/sql/dataset/list-datasets.ts'
import { listDatasetVersions } from '../../src/db/sql/dataset/versions.ts'
import { listEndpointLimits } from '../../src/db/sql/endpoint/list-limits.ts'
import { listEvaluators } from '../../src/db/sql/evaluator/list-evaluators.ts'
import { insertExperiment } from '../../src/db/sql/experiment/insert-experiment.ts'
import { listExperiments } from '../../src/db/sql/experiment/list-experiments.ts'
import { listApiKeys } from '../../src/db/sql/project/list-api-keys.ts'
import { listPersons } from '../../src/db/sql/project/list-persons.ts'
import { listProjects } from '../../src/db/sql/project/list-projects.ts'
import { findPromptVersion } from '../../src/db/sql/prompt/find-version.ts'
import { listPromptVersions } from '../../src/db/sql/prompt/list-prompt-versions.ts'
import { listPrompts } from '../../src/db/sql/prompt/list-prompts.ts'
import { listProviders } from '../../src/db/sql/provider/list-providers.ts'
import { listLabelCandidates } from '../../src/db/sql/review/label-candidates.ts'
import { listReviewQueues } from '../../src/db/sql/review/list-review-queues.ts'
import { insertReviewQueue, lockReviewQueue, updateReviewQueueRow } from '../../src/db/sql/review/write-queue.ts'
import { setTotal } from '../../src/db/sql/run/insert-run.ts'
import { listRuns } from '../../src/db/sql/run/list-runs.ts'
import { loadFollowedRun } from '../../src/db/sql/run/load-followed-run.ts'
import { loadRunChanges } from '../../src/db/sql/run/load-run-changes.ts'
import { loadLatencyBuckets, loadScoreLabels, loadScoreSummaries } from '../../src/db/sql/run/load-run-stats.ts'
import { loadRuns } from '../../src/db/sql/run/load-runs.ts'
import { listRunItems, listRunItemsOfItem } from '../../src/db/sql/run-item/list-run-items.ts'
import { type ListedRunItem, nothingLeftOut } from '../../src/db/sql/run-item/listed-columns.ts'
import { loadChangedItems } from '../../src/db/sql/run-item/load-changed-items.ts'
import { loadRunItems } from '../../src/db/sql/run-item/load-run-items.ts'
import { listScoreConfigs } from '../../src/db/sql/score/list-score-configs.ts'
import { loadItemScores, loadScores, parseScores } from '../../src/db/sql/score/load-scores.ts'
import { deleteReplacedScores, deleteScoreRows, insertScores } from '../../src/db/sql/score/set-score.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'

let t: TestEngine
let datasetId: string
let runId: string

beforeAll(async () => {
  t = await createTestEngine()
  datasetId = await seedDataset(t, ['one'])
  runId = await recordRun(t, datasetId, [{ item: 0, scores: { correct: true, tone: 'kind' } }])
  await fillEveryColumn()
})
afterAll(() => t[Symbol.asyncDispose]())

const byTime = { field: 'CREATED_AT', descending: false } as const

/** By file under src/db/sql: the Prisma rows that its statements return, and the same rows read by Prisma. */
const withoutScores = { columns: [], scoreColumns: null }

const reads: Record<string, () => Promise<[sql: object[], prisma: object[]][]>> = {
  'comparison/load-cells.ts': async () => {
    const items = await runItems()
    const places = {
      itemIds: items.map((item) => String(item.itemId)),
      positions: items.map(({ position }) => position),
    }
    return [[(await loadCells(t.db.pool, [runId], places, withoutScores, pageBytes)).rows, items]]
  },
  'dataset/list-datasets.ts': async () => [[await page(listDatasets({}, byTime), t.scope.projectId), await datasets()]],
  'dataset/versions.ts': async () => [
    [await page(listDatasetVersions(), datasetId), await t.db.prisma.datasetVersion.findMany()],
  ],
  'endpoint/list-limits.ts': async () => [
    [await page(listEndpointLimits({}, byTime), t.scope.projectId), await limits()],
  ],
  'evaluator/list-evaluators.ts': async () => {
    const rules = { min: true, max: true, categories: true, failurePolicy: true, onlyIf: true }
    const current = { select: { definition: true, dataType: true, direction: true, sampling: true, ...rules } }
    const evaluators = await t.db.prisma.evaluator.findMany({ include: { current } })
    return [[await page(listEvaluators({ includeDeleted: true }, byTime), t.scope.projectId), evaluators]]
  },
  'score/list-score-configs.ts': async () => [
    [await page(listScoreConfigs({}, byTime), t.scope.projectId), await t.db.prisma.scoreConfig.findMany()],
  ],
  'experiment/insert-experiment.ts': async () => {
    const { id, projectId, name, task, ...given } = await t.db.prisma.experiment.findFirstOrThrow()
    const more = {
      name: `${name} again`,
      projectId,
      task: task as never,
      settings: given.settings as never,
      primaryMetrics: given.primaryMetrics as never,
    }
    const content = { ...given, ...more, metadata: given.metadata as Json, evaluatorIds: [] }
    const inserted = await insertExperiment(t.db.pool, content)
    const where = { id: inserted?.id ?? id }
    const read = await t.db.prisma.experiment.findMany({ where })
    await t.db.prisma.experiment.delete({ where })
    return [[inserted ? [inserted] : [], read]]
  },
  'experiment/list-experiments.ts': async () => [
    [await page(listExperiments('dataset', {}, byTime), datasetId), await experiments()],
  ],
  'project/list-api-keys.ts': async () => [
    [
      await page(listApiKeys('project', null, { includeRevoked: true }, byTime), t.scope.projectId),
      await t.db.prisma.apiKey.findMany(),
    ],
  ],
  'project/list-persons.ts': async () => [
    [await page(listPersons('all', {}, byTime), ''), await t.db.prisma.person.findMany()],
  ],
  'project/list-projects.ts': async () => [
    [await page(listProjects('all', {}, byTime), ''), await t.db.prisma.project.findMany()],
  ],
  'prompt/find-version.ts': async () => {
    const found = await findPromptVersion(t.db.pool, t.scope.projectId, { name: 'sort' }, { version: 1, label: null })
    return [[[found?.version ?? {}], await t.db.prisma.promptVersion.findMany()]]
  },
  'prompt/list-prompts.ts': async () => [
    [
      await page(listPrompts({ includeArchived: true }, byTime), t.scope.projectId),
      await t.db.prisma.prompt.findMany(),
    ],
  ],
  'prompt/list-prompt-versions.ts': async () => {
    const versions = await t.db.prisma.promptVersion.findMany()
    return [[await page(listPromptVersions({}), versions[0]?.promptId ?? ''), versions]]
  },
  'provider/list-providers.ts': async () => [
    [await page(listProviders({}, byTime), t.scope.projectId), await t.db.prisma.provider.findMany()],
  ],
  'review/label-candidates.ts': async () => {
    const votes = [0, 2].map((value) => ({ value, name: `vote for ${value}`, dataType: 'NUMERIC' as const }))
    const data = votes.map((vote) => ({ ...vote, runId, ordinal: 0, source: 'EVALUATOR' as const }))
    await t.db.prisma.score.createMany({ data })
    const names = votes.map(({ name }) => name)
    const rows = await page(listLabelCandidates('other', 'DISAGREEMENT', names), runId)
    await t.db.prisma.score.deleteMany({ where: { name: { in: names } } })
    return [[rows, (await runItems()).map((item) => ({ ...item, information: 1 }))]]
  },
  'review/list-review-queues.ts': async () => [
    [await page(listReviewQueues({}, byTime), t.scope.projectId), await t.db.prisma.reviewQueue.findMany()],
  ],
  'review/write-queue.ts': async () => {
    const { id, projectId, selection, ...given } = await t.db.prisma.reviewQueue.findFirstOrThrow()
    const kept = { ...given, projectId, selection: selection as never }
    const inserted = await insertReviewQueue(t.db.pool, { ...kept, name: 'again' })
    const where = { id: inserted.id }
    const read = await t.db.prisma.reviewQueue.findMany({ where })
    await t.db.prisma.reviewQueue.delete({ where })
    const queues = await t.db.prisma.reviewQueue.findMany({ where: { id } })
    const locked = await lockReviewQueue(t.db.pool, projectId, id)
    return [
      [[inserted], read],
      [[locked ?? {}], queues],
      [[await updateReviewQueueRow(t.db.pool, queues[0] as ReviewQueue)], queues],
    ]
  },
  'run/insert-run.ts': async () => [[[await setTotal(t.db.pool, runId, 1)], await runs()]],
  'run/list-runs.ts': async () => [
    [await page(listRuns('dataset', {}, { by: 'CREATED_AT', descending: true }), datasetId), await runs()],
  ],
  'run/load-run-stats.ts': async () => {
    const { runScoreSummary, runScoreLabel, runLatencyBucket } = t.db.prisma
    return [
      [await loadScoreSummaries(t.db.pool, [runId]), await runScoreSummary.findMany({ orderBy: { name: 'asc' } })],
      [await loadScoreLabels(t.db.pool, [runId]), await runScoreLabel.findMany()],
      [await loadLatencyBuckets(t.db.pool, [runId]), await runLatencyBucket.findMany()],
    ]
  },
  'run/load-followed-run.ts': async () => {
    const { run, stats } = await loadFollowedRun(t.db.pool, runId, { stats: true })
    const { runScoreSummary, runScoreLabel, runLatencyBucket } = t.db.prisma
    return [
      [[run ?? {}], await runs()],
      [stats?.summaries ?? [], await runScoreSummary.findMany({ orderBy: { name: 'asc' } })],
      [stats?.labels ?? [], await runScoreLabel.findMany()],
      [stats?.buckets ?? [], await runLatencyBucket.findMany()],
    ]
  },
  'run/load-run-changes.ts': async () => {
    const { projectId } = t.scope
    return [
      [(await loadRunChanges(t.db.pool, { projectId, datasetId, since: null, open: [runId] })).runs, await runs()],
    ]
  },
  'run/load-runs.ts': async () => [[await loadRuns(t.db.pool, t.scope.projectId, [runId]), await runs()]],
  'run-item/list-run-items.ts': async () => {
    const order = { field: 'POSITION', descending: false } as const
    const listed = (await page(listRunItems({}, order, nothingLeftOut), runId)) as ListedRunItem[]
    return [
      [await page(listRunItems({}, order, withoutScores), runId), await runItems()],
      [listed.map(({ listedScores: _, ...item }) => item), await runItems()],
      [listed.flatMap((item) => parseScores(item.listedScores ?? [], item)), await scores({ ordinal: { not: null } })],
      [await page(listRunItemsOfItem(), String((await runItems())[0]?.itemId)), await runItems()],
    ]
  },
  'run-item/load-changed-items.ts': async () => {
    const range = { runId: runId, after: -1, upTo: 1_000 }
    const { items: changed } = await loadChangedItems(t.db.pool, range, null, 10, nothingLeftOut)
    return [
      [changed.map(({ listedScores: _, ...item }) => item), await runItems()],
      [changed.flatMap((item) => parseScores(item.listedScores ?? [], item)), await scores({ ordinal: { not: null } })],
    ]
  },
  'run-item/load-run-items.ts': async () => [
    [await loadRunItems(t.db.pool, t.scope.projectId, await runItems()), await runItems()],
  ],
  'score/load-scores.ts': async () => {
    const all = await scores({})
    const ids = all.map(({ id }) => String(id))
    const loaded = await loadScores(
      t.db.pool,
      t.scope.projectId,
      ids.map((id) => ({ runId, id })),
    )
    return [
      [loaded.sort((a, b) => ids.indexOf(String(a.id)) - ids.indexOf(String(b.id))), all],
      [await loadItemScores(t.db.pool, [{ runId, ordinal: 0 }]), await scores({ ordinal: 0 })],
    ]
  },
  'score/set-score.ts': async () => {
    const { pool, prisma } = t.db
    const identity = { runId, ordinal: 0, name: 'kind', source: 'HUMAN', author: 'ann' } as const
    const given = { dataType: 'NUMERIC', value: 1, label: null, comment: 'said', metadata: {} } as const
    const written = async () => {
      const inserted = await insertScores(pool, [{ ...identity, ...given }])
      const ids = inserted.map(({ id }) => id)
      return { ids, inserted, read: await prisma.score.findMany({ where: { id: { in: ids } } }) }
    }
    const replaced = await written()
    const replacedRows = await deleteReplacedScores(pool, [identity])
    const deleted = await written()
    const deletedRows = await deleteScoreRows(
      pool,
      deleted.ids.map((id) => ({ runId, id: String(id) })),
    )
    return [
      [replaced.inserted, replaced.read],
      [replacedRows, replaced.read],
      [deletedRows, deleted.read],
    ]
  },
}

test.for(Object.entries(reads))('the rows of %s equal those that Prisma reads', async ([, read]) => {
  for (const [sql, prisma] of await read()) {
    expect(prisma.length).toBeGreaterThan(0)
    expect(sql.map(bytesAsBuffer)).toStrictEqual(prisma.map(bytesAsBuffer))
  }
})

test('every column has a value in at least one compared row', async () => {
  const compared = (await Promise.all(Object.values(reads).map((read) => read()))).flat()
  const rows = compared.flatMap(([, prisma]) => prisma)
  const byColumns = Map.groupBy(rows, (row) => Object.keys(row).join())
  const empty = [...byColumns].flatMap(([columns, same]) =>
    columns.split(',').filter((column) => same.every((row) => Reflect.get(row, column) === null)),
  )
  expect(empty).toEqual([])
})

test('every statement that selects the columns of a Prisma model is compared', async () => {
  const folder = join(import.meta.dirname, '../../src/db/sql')
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'))
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  const typed = files.filter((_, index) => /ScalarFieldEnum\)|(runItem|listed)Columns\('/.test(texts[index] ?? ''))
  expect(typed.map((file) => file.replaceAll('\\', '/')).sort()).toEqual(Object.keys(reads).sort())
})

async function page(list: List, parent: string): Promise<object[]> {
  const request = { limit: 10, backward: false, after: null, before: null }
  const [{ rows } = { rows: [] }] = await loadPages<object & { parentNumber?: number }>(
    t.db.pool,
    list,
    [parent],
    request,
  )
  return rows.map(({ sortKey: _, parentNumber: __, ...row }) => row)
}

/** The driver's buffers are Prisma's byte arrays. */
function bytesAsBuffer(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? Buffer.from(value) : value]),
  )
}

const datasets = () => t.db.prisma.dataset.findMany()
const experiments = () => t.db.prisma.experiment.findMany()
const limits = () => t.db.prisma.endpointLimit.findMany()
const runs = () => t.db.prisma.run.findMany()
const ofExecution = { recorded: true, lease: true, availableAt: true, excused: true } as const
const runItems = () => t.db.prisma.runItem.findMany({ omit: ofExecution })
const scores = (where: { ordinal?: number | null | { not: null } }) =>
  t.db.prisma.score.findMany({ where, orderBy: [{ name: 'asc' }, { id: 'asc' }] })

async function fillEveryColumn(): Promise<void> {
  const { prisma } = t.db
  const { projectId } = t.scope
  const now = new Date()
  const json = { some: ['value'] }
  const reviewer = await prisma.person.create({ data: { projectId, name: 'who reviews' } })
  await prisma.reviewQueue.create({
    data: {
      ...{ projectId, name: 'queue', description: 'described', runId, baselineId: runId, pairwise: true, itemCount: 1 },
      ...{ selection: json, scores: ['correct', 'tone'], seed: 'seed', createdById: reviewer.id, closedAt: now },
    },
  })
  await prisma.dataset.update({
    where: { id: datasetId },
    data: {
      description: 'described',
      metadata: json,
      inputSchema: json,
      expectedOutputSchema: json,
      baselineRunId: runId,
      baselineAuthor: 'ann',
      baselineApprovedAt: now,
    },
  })
  await prisma.datasetVersion.create({
    data: { datasetId, version: 1, added: 1, changed: 0, archived: 0, itemCount: 1 },
  })
  await prisma.endpointLimit.create({
    data: {
      projectId,
      endpoint: 'https://a.example',
      concurrency: 1,
      requestsPerMinute: 2,
      tokensPerMinute: 3,
    },
  })
  await prisma.person.create({ data: { projectId, name: 'ann' } })
  await prisma.apiKey.create({
    data: {
      ...{ projectId, personId: t.scope.person.id, name: 'ci', role: 'READ', prefix: 'assay_' },
      ...{ sha256: Buffer.from('hash'), lastUsedAt: now, revokedAt: now },
    },
  })
  await prisma.provider.create({
    data: {
      ...{ projectId, name: 'a', kind: 'AZURE', baseUrl: 'b', region: 'c', resourceName: 'd', apiVersion: 'e' },
      ...{ accessKeyId: 'f', keyVariable: 'g', sealedKey: Buffer.from('h'), keySetAt: now },
    },
  })
  const prompt = await prisma.prompt.create({
    data: {
      ...{ projectId, name: 'sort', description: 'described', metadata: json, archivedAt: now },
      versions: { create: { version: 1, content: json, message: 'about', authorId: t.scope.person.id } },
    },
    include: { newest: true },
  })
  await prisma.experiment.updateMany({ data: { promptId: prompt.id } })
  await prisma.project.updateMany({ data: { keepRuns: 10, keepOutputDays: 30 } })
  await prisma.run.updateMany({ data: { promptVersionId: prompt.newest.id } })
  const primaryMetrics = json
  await prisma.experiment.updateMany({ data: { description: 'described', metadata: json, gate: json, primaryMetrics } })
  await prisma.run.updateMany({
    data: {
      description: 'described',
      metadata: json,
      stopReason: 'BUDGET',
      stopMessage: 'spent',
      outputsRemovedAt: now,
      idempotencyKey: 'key',
      idempotencyDigest: Buffer.from('digest'),
      earlyStop: json,
      functions: json,
      subset: json,
      startedById: t.scope.person.id,
      rescoring: json,
      latencyMin: 0.5,
      latencyMax: 1.5,
      costMax: 0.25,
      inputTokens: 2n ** 40n,
      outputTokens: 2n ** 41n,
      startedAt: now,
      finishedAt: now,
    },
  })
  await prisma.runItem.updateMany({
    data: {
      outputBytes: 10,
      error: json,
      attempts: 3,
      excused: 1,
      latencyMs: 1.5,
      inputTokens: 1,
      outputTokens: 2,
      costUsd: 0.25,
      evaluatorCostUsd: 0.5,
      traceId: 'trace',
      generation: json,
      lease: 2n ** 42n,
      availableAt: now,
      startedAt: now,
      finishedAt: now,
      output: json,
    },
  })
  await prisma.runLatencyBucket.create({ data: { runId, bucket: 1, count: 1 } })
  await prisma.runScoreLabel.create({ data: { runId, name: 'tone', source: 'HUMAN', label: 'kind', count: 1 } })
  const range = { min: -1, max: 2.5, categories: ['kind'] }
  await prisma.scoreConfig.create({
    data: { projectId, name: 'tone', dataType: 'CATEGORICAL', direction: 'NONE', failurePolicy: 'REFUSE', ...range },
  })
  const version = { version: 1, definition: json, dataType: 'NUMERIC', direction: 'NONE', ...range } as const
  const evaluator = await prisma.evaluator.create({
    data: { projectId, name: 'judge', description: 'strict', deletedAt: now, versions: { create: version } },
  })
  const { id: evaluatorVersionId } = await prisma.evaluatorVersion.findFirstOrThrow({
    where: { evaluatorId: evaluator.id },
  })
  const whole = { value: 0.5, label: 'half', comment: 'said', metadata: json, author: 'ann', error: json }
  await prisma.score.create({
    data: { runId, name: 'overall', dataType: 'NUMERIC', source: 'HUMAN', evaluatorVersionId, ...whole },
  })
  await prisma.score.updateMany({ data: whole })
  await prisma.score.updateMany({ data: { evaluatorVersionId, costUsd: 0.5 } })
  const pinned = { evaluatorVersionId, lowest: 0, highest: 1, categories: ['kind'] }
  await prisma.runScoreSummary.updateMany({ data: pinned })
}
