/**
 * Everything that is read by id, batched per request: a page of any size costs the same number of statements.
 * Scoping happens here: what belongs to another project is not found.
 */
import DataLoader from 'dataloader'
import type { Database } from '../src/db/client.ts'
import { type List, loadPages, type Page, type PageRequest } from '../src/db/keyset.ts'
import {
  loadEvaluatorDatasetIds,
  loadEvaluators,
  loadEvaluatorVersions,
  loadExperimentEvaluatorIds,
} from '../src/db/sql/evaluator/load-evaluators.ts'
import { loadLatencyBuckets, loadScoreLabels, loadScoreSummaries } from '../src/db/sql/run/load-run-stats.ts'
import { loadEntities } from '../src/db/sql/run/load-runs.ts'
import { loadRunItems, type RunItemKey } from '../src/db/sql/run-item/load-run-items.ts'
import { loadItemScores, loadRunScores, loadScores } from '../src/db/sql/score/load-scores.ts'
import { reduceRepetitions } from '../src/db/sql/score/reduce-repetitions.ts'
import { InvalidInputError } from '../src/domain/errors.ts'
import type { Scope } from '../src/domain/scope.ts'
import { loadItems, loadRevisions } from '../src/engine/datasets/load-items.ts'
import { findApiKeys } from '../src/engine/projects/api-keys.ts'
import { findPersons } from '../src/engine/projects/persons.ts'
import { findProjects } from '../src/engine/projects/projects.ts'

export type Loaders = ReturnType<typeof createLoaders>

export function createLoaders(db: Database, scope: Scope) {
  const { pool } = db
  const { projectId } = scope
  const itemKey = ({ runId, ordinal }: { runId: string; ordinal: number | null }) => `${runId}:${ordinal}`
  return {
    dataset: one(
      (ids) => loadEntities(pool, projectId, 'dataset', ids),
      (row) => row.id,
    ),
    experiment: one(
      (ids) => loadEntities(pool, projectId, 'experiment', ids),
      (row) => row.id,
    ),
    endpointLimit: one(
      (ids) => loadEntities(pool, projectId, 'endpoint_limit', ids),
      (row) => row.id,
    ),
    project: one(
      (ids) => findProjects(db, scope, ids),
      (row) => row.id,
    ),
    person: one(
      (ids) => findPersons(db, scope, ids),
      (row) => row.id,
    ),
    apiKey: one(
      (ids) => findApiKeys(db, scope, ids),
      (row) => row.id,
    ),
    run: one(
      (ids) => loadEntities(pool, projectId, 'run', ids),
      (row) => row.id,
    ),
    evaluator: one(
      (ids) => loadEvaluators(pool, projectId, ids),
      (row) => row.id,
    ),
    evaluatorVersion: one(
      (ids) => loadEvaluatorVersions(pool, projectId, ids),
      (row) => row.id,
    ),
    score: one(
      (ids) => loadScores(pool, projectId, ids),
      (row) => String(row.id),
    ),
    runItem: one((keys: readonly RunItemKey[]) => loadRunItems(pool, projectId, keys), itemKey, itemKey),

    /** The newest revision of a logical dataset item. */
    datasetItem: new DataLoader((ids: readonly string[]) => loadItems(db, scope, [...ids])),
    /** What a logical dataset item said in a version of its dataset. */
    revision: new DataLoader((keys: readonly { itemId: string; version: number }[]) => loadRevisions(db, [...keys]), {
      cacheKeyFn: (key): unknown => `${key.itemId}@${key.version}`,
    }),

    itemScores: many((keys: readonly RunItemKey[]) => loadItemScores(pool, keys), itemKey, itemKey),
    runScores: many(
      (ids) => loadRunScores(pool, ids),
      (row) => row.runId,
    ),
    scoreSummaries: many(
      (ids) => loadScoreSummaries(pool, ids),
      (row) => row.runId,
    ),
    scoreLabels: many(
      (ids) => loadScoreLabels(pool, ids),
      (row) => row.runId,
    ),
    reducedScores: many(
      (ids) => reduceRepetitions(pool, ids),
      (row) => row.runId,
    ),
    latencyBuckets: many(
      (ids) => loadLatencyBuckets(pool, ids),
      (row) => row.runId,
    ),
    experimentEvaluatorIds: many(
      (ids) => loadExperimentEvaluatorIds(pool, ids),
      (row) => row.experimentId,
    ),
    evaluatorDatasetIds: many(
      (ids) => loadEvaluatorDatasetIds(pool, ids),
      (row) => row.evaluatorId,
    ),

    page: pages((list, parents, request) => loadPages(pool, list, parents, request)),
  }
}

/** At most one row for each key; null for keys without. */
function one<Row, Key = string>(
  load: (keys: readonly Key[]) => Promise<Row[]>,
  keyOfRow: (row: Row) => string,
  keyOf: (key: Key) => string = String,
) {
  return new DataLoader<Key, Row | null, string>(
    async (keys) => {
      const rows = new Map((await load(keys)).map((row) => [keyOfRow(row), row]))
      return keys.map((key) => rows.get(keyOf(key)) ?? null)
    },
    { cacheKeyFn: keyOf },
  )
}

/** Any number of rows for each key, in the order they were loaded. */
function many<Row, Key = string>(
  load: (keys: readonly Key[]) => Promise<Row[]>,
  keyOfRow: (row: Row) => string,
  keyOf: (key: Key) => string = String,
) {
  return new DataLoader<Key, Row[], string>(
    async (keys) => {
      const rows = Map.groupBy(await load(keys), keyOfRow)
      return keys.map((key) => rows.get(keyOf(key)) ?? [])
    },
    { cacheKeyFn: keyOf },
  )
}

/** The same page of the same list, asked for on many parents, is one statement. */
function pages(
  load: (list: List, parents: readonly string[], request: PageRequest) => Promise<Page<unknown>[]>,
): <Row>(list: List, parent: string, request: PageRequest) => Promise<Page<Row>> {
  const loaders = new Map<string, DataLoader<string, Page<unknown>>>()
  return async <Row>(list: List, parent: string, request: PageRequest) => {
    const values: unknown[] = []
    const key = JSON.stringify([list, list.where((value) => `$${values.push(value)}`), values, request])
    let loader = loaders.get(key)
    if (!loader) {
      loader = new DataLoader((parents) => load(list, parents, request))
      loaders.set(key, loader)
    }
    try {
      return (await loader.load(parent)) as Page<Row>
    } catch (error) {
      throw isMalformedValue(error)
        ? new InvalidInputError('Expected a cursor as this API returns them, got an altered one.')
        : error
    }
  }
}

/** SQLSTATE class 22: a part of a cursor that somebody edited does not parse. */
function isMalformedValue(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('22')
}
