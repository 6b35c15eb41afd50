/**
 * Loaders for everything that is read by id, batched per request: a page of any size costs the same number of
 * statements. They apply the scope: rows of another project are not found.
 */
import DataLoader from 'dataloader'
import type { Database } from '../src/db/client.ts'
import type { PromptVersion } from '../src/db/generated/prisma/client.ts'
import {
  alteredCursor,
  countRows,
  fromClause,
  keyExpressions,
  type List,
  loadPages,
  type Page,
  type PageRequest,
} from '../src/db/keyset.ts'
import { loadAttachments } from '../src/db/sql/attachment/load.ts'
import { countDatasetTags } from '../src/db/sql/dataset/count-tags.ts'
import { loadDatasetItems } from '../src/db/sql/dataset/load-items.ts'
import {
  loadLatestRevisions,
  loadRevisions,
  loadRevisionsAt,
  type RevisionKey,
} from '../src/db/sql/dataset/load-revisions.ts'
import { countProjectContents } from '../src/db/sql/project/count-contents.ts'
import { loadQuotas, loadUsages } from '../src/db/sql/project/quota.ts'
import { countFailures } from '../src/db/sql/run/count-unknown.ts'
import { loadDistributions } from '../src/db/sql/run/load-distributions.ts'
import { type Grouping, loadRunGroups } from '../src/db/sql/run/load-run-groups.ts'
import { loadRunSummaries, loadScoreLabels } from '../src/db/sql/run/load-run-stats.ts'
import { findUnscored } from '../src/db/sql/run-item/claim-items.ts'
import { loadRunItems, type RunItemKey } from '../src/db/sql/run-item/load-run-items.ts'
import { loadClusterSums } from '../src/db/sql/score/load-cluster-sums.ts'
import { loadItemScores, loadScores, type ScoreKey } from '../src/db/sql/score/load-scores.ts'
import { reduceRepetitions } from '../src/db/sql/score/reduce-repetitions.ts'
import type { Announced } from '../src/db/sql/worker/announce-worker.ts'
import { listWorkers } from '../src/db/sql/worker/list-workers.ts'
import { codeOf } from '../src/domain/errors.ts'
import type { DistributedMetric } from '../src/domain/metric.ts'
import type { Scope } from '../src/domain/scope.ts'
import { Links } from './links.ts'
import { reviewLoaders } from './review/review-loaders.ts'
import { many, one } from './row-loaders.ts'

export type Loaders = ReturnType<typeof createLoaders>

export function createLoaders(db: Database, scope: Scope) {
  const { pool, prisma } = db
  const { projectId } = scope
  const itemKey = ({ runId, ordinal }: { runId: string; ordinal: number | null }) => `${runId}:${ordinal}`
  const revisionKey = ({ itemId, validFrom }: RevisionKey) => `${itemId}:${validFrom}`
  return {
    links: new Links(prisma),
    ...reviewLoaders(db, projectId),
    /** Under one key: the workers of the installation. */
    workers: new DataLoader<0, Announced[]>(async (keys) => {
      const workers = await listWorkers(pool)
      return keys.map(() => workers)
    }),
    /** Null for a run without items that clients have recorded and workers are to score. */
    unscored: one(
      (ids) => findUnscored(pool, ids),
      (row) => row.runId,
    ),
    /** Null for a project without quotas. */
    projectQuotas: one(
      (ids) => loadQuotas(pool, ids),
      (row) => row.projectId,
    ),
    projectUsages: one(
      (ids) => loadUsages(pool, ids),
      (row) => row.projectId,
    ),
    projectCounts: one(
      (ids) => countProjectContents(pool, ids),
      (row) => row.projectId,
    ),
    datasetTags: many(
      (ids) => countDatasetTags(pool, ids),
      (row) => row.datasetId,
    ),
    currentVersion: one(
      (ids) => prisma.evaluatorVersion.findMany({ where: { currentOf: { some: { id: { in: [...ids] } } } } }),
      (version) => version.evaluatorId,
    ),
    attachment: one(
      (ids) => loadAttachments(pool, projectId, ids),
      (row) => row.id,
    ),
    newestPromptVersion: one(
      (ids) => prisma.promptVersion.findMany({ where: { newestOf: { some: { id: { in: [...ids] } } } } }),
      (version) => version.promptId,
    ),
    promptVersion: one(
      (ids) => prisma.promptVersion.findMany({ where: { id: { in: [...ids] }, prompt: { projectId } } }),
      (version) => version.id,
    ),
    /** By the prompt and the number. The caller has checked access to the prompt. */
    numberedPromptVersion: one(
      (keys: readonly NumberedVersion[]) =>
        prisma.promptVersion.findMany({
          where: { OR: keys.map(({ promptId, version }) => ({ promptId, version })) },
        }),
      numberedVersionKey,
      numberedVersionKey,
    ),
    promptLabels: many(
      (ids) => prisma.promptLabel.findMany({ where: { promptId: { in: [...ids] } }, orderBy: { name: 'asc' } }),
      (label) => label.promptId,
    ),
    experimentEvaluators: many(
      (ids) =>
        prisma.experimentEvaluator.findMany({
          where: { experimentId: { in: [...ids] }, evaluator: { deletedAt: null } },
          orderBy: [{ evaluator: { name: 'asc' } }, { evaluatorId: 'asc' }],
        }),
      (row) => row.experimentId,
    ),
    runEvaluators: many(
      async (ids) => {
        const rows = await prisma.runEvaluator.findMany({
          where: { runId: { in: [...ids] } },
          orderBy: { evaluatorVersion: { evaluator: { name: 'asc' } } },
          include: { evaluatorVersion: true },
        })
        return rows.map(({ runId, evaluatorVersion }) => ({ ...evaluatorVersion, runId }))
      },
      (row) => row.runId,
    ),
    evaluatorDatasets: many(
      (ids) =>
        prisma.evaluatorDataset.findMany({
          where: { evaluatorId: { in: [...ids] } },
          orderBy: { dataset: { name: 'asc' } },
        }),
      (row) => row.evaluatorId,
    ),
    modelPrices: many(
      (ids) => prisma.modelPrice.findMany({ where: { providerId: { in: [...ids] } }, orderBy: { model: 'asc' } }),
      (row) => row.providerId,
    ),
    runScores: many(
      (ids) =>
        prisma.score.findMany({
          where: { runId: { in: [...ids] }, ordinal: null },
          orderBy: [{ name: 'asc' }, { id: 'asc' }],
        }),
      (row) => row.runId,
    ),
    score: one(
      (keys: readonly ScoreKey[]) => loadScores(pool, projectId, keys),
      (row) => `${row.runId}:${row.id}`,
      (key) => `${key.runId}:${key.id}`,
    ),
    runItem: one((keys: readonly RunItemKey[]) => loadRunItems(pool, projectId, keys), itemKey, itemKey),

    datasetItem: one(
      (ids) => loadDatasetItems(pool, projectId, ids),
      (row) => row.id,
    ),
    revision: one((keys: readonly RevisionKey[]) => loadRevisions(pool, projectId, keys), revisionKey, revisionKey),
    /** The revision of a dataset item in a version of its dataset. The caller has checked access to the item. */
    revisionAt: new DataLoader((keys: readonly { itemId: string; version: number }[]) => loadRevisionsAt(pool, keys), {
      cacheKeyFn: (key): unknown => `${key.itemId}@${key.version}`,
    }),
    /** The newest revision of a dataset item. The caller has checked access to the item. */
    latestRevision: one(
      (ids) => loadLatestRevisions(pool, ids),
      (row) => row.itemId,
    ),

    itemScores: many((keys: readonly RunItemKey[]) => loadItemScores(pool, keys), itemKey, itemKey),
    /** Of runs. The caller has checked access to them. */
    runSummaries: new DataLoader(async (ids: readonly string[]) => {
      const rows = new Map((await loadRunSummaries(pool, ids)).map((row) => [row.runId, row]))
      return ids.map((runId) => rows.get(runId) ?? { runId, summaries: [], buckets: [] })
    }),
    scoreLabels: many(
      (ids) => loadScoreLabels(pool, ids),
      (row) => row.runId,
    ),
    /** Of runs whose dataset says which items belong together. */
    clusterSums: many(
      (ids) => loadClusterSums(pool, ids),
      (row) => row.runId,
    ),
    reducedScores: many(
      (ids) => reduceRepetitions(pool, ids),
      (row) => row.runId,
    ),
    /** Of runs. The caller has checked access to them. */
    distribution: perArguments(({ metric, bins }: { metric: DistributedMetric; bins: number }) =>
      one(
        (runIds) => loadDistributions(pool, runIds, metric, bins),
        (row) => row.runId,
      ),
    ),
    /** Of runs. The caller has checked access to them. */
    runGroups: perArguments(({ grouping, limit }: { grouping: Grouping; limit: number }) =>
      many(
        (runIds) => loadRunGroups(pool, runIds, grouping, limit),
        (row) => row.runId,
      ),
    ),
    failureCounts: many(
      (ids) => countFailures(pool, ids),
      (row) => row.runId,
    ),

    page: pages((list, parents, request) => loadPages(pool, list, parents, request)),
    count: perList<number, number>((list, parents, limit) => countRows(pool, list, parents, limit)),
  }
}

type NumberedVersion = Pick<PromptVersion, 'promptId' | 'version'>

function numberedVersionKey({ promptId, version }: NumberedVersion): string {
  return `${promptId}:${version}`
}

/** A loader for each set of arguments: what is loaded with the same ones is loaded together. */
function perArguments<Arguments extends object, Loader>(
  make: (args: Arguments) => Loader,
): (args: Arguments) => Loader {
  const loaders = new Map<string, Loader>()
  return (args) => {
    const key = JSON.stringify(args)
    const loader = loaders.get(key) ?? make(args)
    loaders.set(key, loader)
    return loader
  }
}

/** Loads the same of the same list for many parents in one statement. */
function perList<Request, Result>(
  load: (list: List, parents: readonly string[], request: Request) => Promise<Result[]>,
): (list: List, parent: string, request: Request) => Promise<Result> {
  const loaders = new Map<string, DataLoader<string, Result>>()
  return (list, parent, request) => {
    const values: unknown[] = []
    const parameter = (value: unknown) => `$${values.push(value)}`
    const key = JSON.stringify([
      ...[list, fromClause(list, parameter), list.where(parameter), keyExpressions(list, parameter)],
      ...[values, request],
    ])
    let loader = loaders.get(key)
    if (!loader) {
      loader = new DataLoader((parents) => load(list, parents, request))
      loaders.set(key, loader)
    }
    return loader.load(parent)
  }
}

/** Loads the same page of the same list for many parents in one statement. */
function pages(
  load: (list: List, parents: readonly string[], request: PageRequest) => Promise<Page<unknown>[]>,
): <Row>(list: List, parent: string, request: PageRequest) => Promise<Page<Row>> {
  const loadPage = perList(load)
  return async <Row>(list: List, parent: string, request: PageRequest) => {
    try {
      return (await loadPage(list, parent, request)) as Page<Row>
    } catch (error) {
      throw isMalformedValue(error) ? alteredCursor() : error
    }
  }
}

/** SQLSTATE class 22: part of an altered cursor does not parse. */
function isMalformedValue(error: unknown): boolean {
  return codeOf(error)?.startsWith('22') ?? false
}
