/** Stores a run of a file as a run whose items a client has executed: this program, which had the results already. */
import { createHash } from 'node:crypto'
import { payloadOf } from '../client/answers.ts'
import type { Clock } from '../client/clock.ts'
import { type Assay, RefusedError, type Run } from '../client/index.ts'
import type { ClaimImportedItemsMutation, ClientScoreInput, RecordRunItemsInput } from './gql/graphql.ts'
import { ClaimItems, CreateExperiment, FindExperiment, RecordItems, StartRun } from './operations.ts'
import type { ImportedResult, ImportedRun, ImportedScore, Left } from './results.ts'
import type { ScoreType } from './score-types.ts'
import { batches, storableJson } from './storable.ts'
import type { StoredItems } from './store-items.ts'

type Claim = Extract<ClaimImportedItemsMutation['claimRunItems'], { __typename: 'ClaimRunItemsPayload' }>
type ResultInput = RecordRunItemsInput['results'][number]

const maxClaim = 500
const maxBatchBytes = 1_500_000
const maxResultBytes = 3_000_000
const maxTextLength = 2_000
const maxRepetitions = 100
const leaseMs = 120_000
/** An import that was interrupted holds its items for as long as its lease. */
const maxWaitMs = leaseMs + 30_000
const defaultPauseMs = 1_000

interface GivenScores {
  tool: string
  /** By their names. */
  types: ReadonlyMap<string, ScoreType>
}

interface StoredRun {
  run: Run
  /** The file was imported before. */
  isKnown: boolean
}

/**
 * @param fingerprint identifies the run: the same one is stored once
 * @throws {RefusedError} the server refused something; what was stored stays, and importing again continues it
 */
export async function storeRun(
  assay: Assay,
  dataset: StoredItems,
  run: ImportedRun,
  {
    fingerprint,
    scores,
    left,
    clock,
    onRecorded,
  }: { fingerprint: string; scores: GivenScores; left: Left; clock: Clock; onRecorded?: (count: number) => void },
): Promise<StoredRun> {
  const started = await startRun(assay, dataset, run, fingerprint)
  if (!isOpen(started.status)) return { run: await assay.runs.get(started.id), isKnown: true }
  const places = new Map(dataset.itemIds.map((id, place) => [id, place]))
  const results = new Map(run.results.map((result) => [`${result.item} ${result.repetition}`, result]))
  let lease: string | null = null
  let status = started.status
  /** Items that were claimed and that the file has no results for. */
  const unknown = new Set<string>()
  let claimedAt = clock.now()
  while (isOpen(status)) {
    const claim: Claim = await claimItems(assay, started.id, lease)
    lease = claim.lane.lease
    status = claim.lane.status
    if (claim.items.length === 0) {
      const { progress } = await assay.runs.get(started.id)
      if (progress.queued + progress.running <= unknown.size) break
      if (clock.now() - claimedAt > maxWaitMs) throw heldByOthers(run.name)
      await clock.sleep(claim.retryAfterMs ?? defaultPauseMs)
      continue
    }
    claimedAt = clock.now()
    const found = claim.items.flatMap(({ runItemId, datasetItemId, repetition, attempt }) => {
      const result = results.get(`${places.get(datasetItemId)} ${repetition}`)
      if (result) return [{ runItemId, attempt, ...resultInput(result, scores, left) }]
      unknown.add(runItemId)
      return []
    })
    for (const batch of batches(found, maxClaim, maxBatchBytes)) {
      const recording = { runId: started.id, lease: lease ?? '0', leaseMs, results: batch }
      const { lane } = payloadOf((await assay.request(RecordItems, { input: recording })).recordRunItems)
      lease = lane.lease
      status = lane.status
      onRecorded?.(batch.length)
    }
  }
  const stored = await assay.runs.get(started.id)
  // The file has no results for the rest.
  return { run: isOpen(stored.status) ? await stored.cancel() : stored, isKnown: false }
}

async function claimItems(assay: Assay, runId: string, lease: string | null): Promise<Claim> {
  const input = { runId, lease, limit: maxClaim, leaseMs }
  return payloadOf((await assay.request(ClaimItems, { input })).claimRunItems)
}

function heldByOthers(name: string): RefusedError {
  return new RefusedError(
    `Another import holds items of the run "${name}". What was stored stays: import the file again when that one has ended.`,
    'CONFLICT',
  )
}

function isOpen(status: string): boolean {
  return status === 'QUEUED' || status === 'RUNNING'
}

async function startRun(
  assay: Assay,
  dataset: StoredItems,
  { name, experiment, metadata, results }: ImportedRun,
  fingerprint: string,
): Promise<{ id: string; status: string }> {
  const repetitions = Math.max(...results.map(({ repetition }) => repetition + 1), 1)
  if (repetitions > maxRepetitions) {
    throw new RefusedError(
      `"${name}" has ${repetitions} executions of an item; a run has at most ${maxRepetitions}.`,
      'LIMIT',
    )
  }
  const itemIds = [...new Set(results.map(({ item }) => dataset.itemIds[item] as string))]
  const input = {
    experimentId: await findOrCreateExperiment(assay, dataset.id, experiment),
    name: shortName(name),
    metadata,
    datasetVersion: dataset.version,
    ...(itemIds.length < dataset.itemCount && { subset: { itemIds } }),
    evaluatorIds: [],
    overrides: { repetitions, maxAttempts: 1 },
    idempotencyKey: createHash('sha256').update(`${dataset.id} ${name} ${fingerprint}`).digest('hex'),
  }
  return payloadOf((await assay.request(StartRun, { input })).startRun).run
}

async function findOrCreateExperiment(assay: Assay, datasetId: string, given: string): Promise<string> {
  const name = shortName(given)
  const { experiment } = await assay.request(FindExperiment, { name, datasetId })
  if (experiment) return experiment.id
  const input = { name, datasetId, task: { client: { name } }, evaluatorIds: [] }
  return payloadOf((await assay.request(CreateExperiment, { input })).createExperiment).experiment.id
}

/** Names have at most 200 characters on one line. */
function shortName(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199).toWellFormed()}…` : line || 'unnamed'
}

function resultInput(
  result: ImportedResult,
  given: GivenScores,
  left: Left,
): Omit<ResultInput, 'runItemId' | 'attempt'> {
  const { output, error, latencyMs, costUsd, inputTokens, outputTokens, scores } = result
  const about = { latencyMs, costUsd, inputTokens: whole(inputTokens), outputTokens: whole(outputTokens) }
  if (error) {
    const message = (storableJson(error.message, left) as string).slice(0, maxTextLength)
    return { ...about, error: { code: error.code, message, retryable: false } }
  }
  const stored = {
    ...about,
    output: storableJson(output ?? null, left),
    scores: scores.flatMap((score) => scoreInput(score, given, left)),
  }
  const bytes = Buffer.byteLength(JSON.stringify(stored))
  if (bytes <= maxResultBytes) return stored
  left.add('an output that is too large to be stored')
  const message = `Expected a result of at most ${maxResultBytes} bytes of JSON, got ${bytes}.`
  return { ...about, error: { code: 'RESPONSE_TOO_LARGE', message, retryable: false } }
}

function whole(tokens: number | null): number | null {
  return tokens === null ? null : Math.round(tokens)
}

/**
 * Types are part of the version: two files may give one name to scores of different types, and a version of an evaluator has
 * one type.
 */
function scoreInput(
  { name, value, comment, metadata, error }: ImportedScore,
  { tool, types }: GivenScores,
  left: Left,
): ClientScoreInput[] {
  const dataType = types.get(name) ?? 'NUMERIC'
  const about = {
    name: shortName(name),
    version: `${tool}, ${dataType}`,
    dataType,
    ...(metadata !== undefined && { metadata: storableJson(metadata, left) }),
  }
  if (error !== undefined) return [{ ...about, error }]
  if (value === null) return []
  const why = comment === undefined ? {} : { comment: storableJson(comment, left) as string }
  const hasLabel = dataType === 'CATEGORICAL' || dataType === 'TEXT'
  if (typeof value === 'string' && !hasLabel) {
    left.add(`a text as a value of "${name}", which has numbers; it is an error of the score`)
    return [{ ...about, error: `Expected a number, got ${JSON.stringify(value.slice(0, 200))}.` }]
  }
  if (typeof value === 'string') return [{ ...about, ...why, label: storableJson(value, left) as string }]
  return [{ ...about, ...why, value: Number(value) }]
}
