/** Executes an experiment as a run of the server: this process is a client of it, perhaps one of several. */
import { replaceUnstorable } from '../../domain/json/storable.ts'
import { payloadOf } from '../answers.ts'
import { AssayError, messageOf, RefusedError } from '../errors.ts'
import type { ClientScoreInput, StartClientRunMutation } from '../gql/graphql.ts'
import { CreateExperiment, FindEvaluators, FindExperiment, StartClientRun } from '../operations/execution.ts'
import { ControlRun, SetScores } from '../operations/run.ts'
import { runIdOf } from '../run-like.ts'
import type { Transport } from '../transport.ts'
import { type Attempt, type Attempts, asFailed, itemResult } from './attempt.ts'
import { ClientLane } from './client-lane.ts'
import { codeVersion } from './code-version.ts'
import { runEnvironment } from './environment.ts'
import type { ItemSource } from './item-source.ts'
import type { ClaimedItem } from './ready-items.ts'
import { fillResults } from './recorded-items.ts'
import { type AttemptResult, type Results, type RunResults, resultKey } from './results.ts'
import type { Evaluation, ItemResult, Progress, RunOptions } from './types.ts'

type StartedRun = Extract<StartClientRunMutation['startRun'], { __typename: 'StartRunPayload' }>['run']

type RecordedOptions = Omit<RunOptions, 'runName'> & { runName: string; isNamed: boolean }

export async function executeRecorded(
  transport: Transport,
  options: RecordedOptions,
  source: ItemSource,
  { attempts, onProgress }: { attempts: Attempts; onProgress: (progress: Progress) => void },
): Promise<Omit<RunResults, 'runEvaluations' | 'runEvaluatorErrors'>> {
  // The lane has to record and to give back after an abort; nothing else is of use then.
  const abortable = transport.until(options.signal)
  const run = await startRun(abortable, options, source.dataset)
  const functions = [...attempts.evaluators.functions, ...attempts.composite.functions]
  const ofServer = await serverScores(abortable, run, functions)
  const versions = await Promise.all(functions.map(codeVersion))
  const results: Results = new Map()
  const pending = new Map<string, ItemResult>()
  const progress = { done: 0, failed: run.progress.failed, total: run.progress.total, runUrl: run.url }
  progress.done = run.progress.succeeded + run.progress.failed
  onProgress({ ...progress })

  const lane = new ClientLane({
    transport,
    runId: run.id,
    maxConcurrency: options.maxConcurrency ?? 50,
    ...(options.signal && { signal: options.signal }),
    async execute(claimed, signal) {
      const { repetition, attempt, runItemId } = claimed
      const item = source.itemOf(claimed)
      const ended = await attempts.attempt(item, { repetition, attempt }, signal)
      pending.set(runItemId, itemResult(item, ended, { repetition, attempts: attempt, runItemId }))
      return attemptResult(ended, versions)
    },
    onOutcome(claimed: ClaimedItem, outcome, { error }) {
      const ended = pending.get(claimed.runItemId)
      pending.delete(claimed.runItemId)
      if (!ended || outcome === 'LOST' || outcome === 'RETRY') return
      const result = error && ended.status === 'SUCCEEDED' ? asFailed(ended, error) : ended
      results.set(resultKey(claimed), result)
      progress.done = Math.min(progress.total, progress.done + 1)
      if (result.status === 'FAILED') progress.failed += 1
      onProgress({ ...progress })
    },
    onRun({ succeeded, failed }) {
      // Other processes may share the run.
      if (succeeded + failed <= progress.done) return
      Object.assign(progress, { done: succeeded + failed, failed })
      onProgress({ ...progress })
    },
  })
  const status = await lane.run()
  const itemResults = await fillResults(abortable, { run, results, ofServer }, source)
  return {
    experimentName: options.name,
    runName: options.runName,
    status,
    experimentId: run.experiment.id,
    runId: run.id,
    runUrl: run.url,
    datasetId: source.dataset.id,
    ...(source.hosted && { datasetRunId: run.id, datasetRunUrl: run.url }),
    itemResults,
  }
}

/**
 * Stores the scores of the whole run. They replace those of another process of the same run.
 * @returns the scores that the server refused, because they do not fit its rules for scores of their names
 */
export async function recordRunEvaluations(
  transport: Transport,
  runId: string,
  evaluations: readonly Evaluation[],
): Promise<{ name: string; message: string }[]> {
  const scores = evaluations.flatMap(({ direction: _, costUsd: __, ...evaluation }) => {
    const score = scoreOf(evaluation)
    return score ? [{ ...score, target: { runId }, source: 'API' as const }] : []
  })
  const refused: { name: string; message: string }[] = []
  while (scores.length > 0) {
    try {
      payloadOf((await transport.request(SetScores, { input: { scores } })).setScores)
      break
    } catch (error) {
      const [, list, index] = (error instanceof RefusedError && error.path) || []
      const [score] = list === 'scores' && index !== undefined ? scores.splice(Number(index), 1) : []
      if (!score) throw error
      refused.push({ name: score.name, message: messageOf(error) })
    }
  }
  return refused
}

async function startRun(
  transport: Transport,
  options: RecordedOptions,
  dataset: { id: string; version: number },
): Promise<StartedRun> {
  const { name, runName, isNamed, description, metadata, task, serverEvaluators, earlyStop } = options
  const version = options.version ?? (await codeVersion(task))
  const experimentId = await findOrCreateExperiment(transport, name, dataset.id, task.name || name)
  const recorded = { ...(options.environment === false ? {} : await runEnvironment()), ...metadata }
  const evaluatorIds =
    serverEvaluators && (await Promise.all(serverEvaluators.map((one) => findEvaluator(transport, one))))
  const input = {
    experimentId,
    name: runName,
    ...(description !== undefined && { description }),
    ...(Object.keys(recorded).length > 0 && { metadata: recorded }),
    ...(evaluatorIds && { evaluatorIds }),
    ...(earlyStop && { earlyStop: earlyStopInput(earlyStop) }),
    // A repeated request must not start another run; a name that was given continues one.
    ...(isNamed ? { join: true } : { idempotencyKey: crypto.randomUUID() }),
    taskVersion: version,
    datasetVersion: dataset.version,
    overrides: {
      concurrency: options.maxConcurrency ?? 50,
      repetitions: options.repetitions ?? 1,
      timeoutMs: options.timeoutMs ?? 60_000,
      maxAttempts: options.maxAttempts ?? 3,
      ...(options.budgetUsd !== undefined && { budgetUsd: options.budgetUsd }),
      ...(options.maxFailureRate !== undefined && { maxFailureRate: options.maxFailureRate }),
    },
  }
  return payloadOf((await transport.request(StartClientRun, { input })).startRun).run
}

function earlyStopInput({ score, baseline, margin }: NonNullable<RunOptions['earlyStop']>) {
  return { metric: { score: { name: score } }, baselineId: runIdOf(baseline), ...(margin !== undefined && { margin }) }
}

async function findOrCreateExperiment(
  transport: Transport,
  name: string,
  datasetId: string,
  taskName: string,
): Promise<string> {
  const find = async () => (await transport.request(FindExperiment, { name, datasetId })).experiment
  let experiment = await find()
  if (!experiment) {
    try {
      const input = { name, datasetId, task: { client: { name: taskName } } }
      return payloadOf((await transport.request(CreateExperiment, { input })).createExperiment).experiment.id
    } catch (error) {
      if (!(error instanceof RefusedError && error.code === 'CONFLICT')) throw error
      experiment = await find()
      if (!experiment) throw error
    }
  }
  if (experiment.task.__typename === 'ClientTask') return experiment.id
  throw new AssayError(
    `The experiment "${name}" of the dataset "${experiment.dataset.name}" is executed by the server. Choose another name.`,
  )
}

async function findEvaluator(transport: Transport, name: string): Promise<string> {
  const { evaluator } = await transport.request(FindEvaluators, { name })
  if (evaluator) return evaluator.id
  throw new AssayError(`serverEvaluators: expected evaluators of the server, got "${name}".`)
}

/** The names of the scores that the server gives. @throws {AssayError} an evaluator of the caller has the same name */
async function serverScores(
  transport: Transport,
  run: StartedRun,
  own: readonly { name: string }[],
): Promise<Set<string>> {
  const names = new Set(
    run.evaluators.flatMap(({ evaluator, definition }) =>
      definition.__typename === 'ClientEvaluator' ? [] : [evaluator.name],
    ),
  )
  const same = own.find(({ name }) => names.has(name))
  if (!same) return names
  const { running, succeeded, failed } = run.progress
  if (running + succeeded + failed === 0) await transport.request(ControlRun.cancel, { input: { id: run.id } })
  throw new AssayError(
    `The server scores this run with an evaluator "${same.name}" too. Rename yours, or choose the serverEvaluators.`,
  )
}

function attemptResult(ended: Attempt, versions: readonly string[]): AttemptResult {
  const { failure, latencyMs, costUsd, inputTokens, outputTokens, traceId, judged } = ended
  const about = { latencyMs, costUsd, inputTokens, outputTokens, traceId }
  if (failure) return { ...about, error: failure }
  const names = new Set<string>()
  const scores = judged.flatMap(({ by, name, evaluation, error }): ClientScoreInput[] => {
    // One is recorded; that there was another is told in the result.
    if (names.has(name)) return []
    names.add(name)
    const version = versions[by] ?? null
    if (error !== null) return [{ name, version, error: replaceUnstorable(error.slice(0, 2_000)) }]
    const score = evaluation && scoreOf(evaluation)
    return score ? [{ ...score, version }] : []
  })
  return { ...about, output: ended.json, scores }
}

/** Null for an evaluation with neither a value nor a cost. */
function scoreOf({ name, value, dataType, direction, comment, metadata, costUsd }: Evaluation) {
  if (value === null) return costUsd === undefined ? null : { name, costUsd }
  return {
    name,
    ...(typeof value === 'string' ? { label: replaceUnstorable(value) } : { value: Number(value) }),
    ...(dataType && { dataType }),
    ...(direction && { direction }),
    ...(comment !== undefined && { comment: replaceUnstorable(comment) }),
    ...(metadata !== undefined && { metadata }),
    ...(costUsd !== undefined && { costUsd }),
  }
}
