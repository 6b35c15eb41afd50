/** `runExperiment`: a task and evaluators of this process on local data or on a dataset, recorded while it runs. */
import type { Transport } from '../transport.ts'
import { Attempts } from './attempt.ts'
import { Evaluators, type Judged } from './evaluations.ts'
import { hostedSource, localSource } from './item-source.ts'
import { executeLocally } from './local-run.ts'
import { checkOptions, collectItems } from './options.ts'
import { openProgress } from './progress.ts'
import { executeRecorded, recordRunEvaluations } from './recorded-run.ts'
import { ExperimentResult } from './result.ts'
import type { RunResults } from './results.ts'
import {
  type ExperimentItem,
  type ExperimentOptions,
  type HostedItems,
  hosted,
  type ItemResult,
  type OutputOf,
  type RunEvaluator,
} from './types.ts'

/**
 * Runs an experiment.
 * @throws {TypeError} an invalid option
 * @throws {AssayError} the server refused something or is gone; what was recorded stays, and the name of the run continues it
 * @throws `signal.reason` once the signal has aborted
 */
export async function runExperiment<Item extends ExperimentItem, Returned>(
  transport: Transport,
  given: ExperimentOptions<Item, Returned>,
): Promise<ExperimentResult<Item, OutputOf<Returned>>> {
  // Inside, items and outputs are of any type.
  const options = given as unknown as ExperimentOptions
  checkOptions(options)
  const { name, data, record = true, signal } = options
  const runName = options.runName ?? `${name} - ${new Date().toISOString()}`
  const attempts = new Attempts(options)
  const progress = openProgress(options)
  const dataset = isHosted(data) && record && data.itemCount > 0 ? data : null
  const items = dataset ? [] : await collectItems(data)
  const isRecorded = dataset !== null || (record && items.length > 0)
  let parts: Omit<RunResults, 'runEvaluations' | 'runEvaluatorErrors'>
  try {
    if (isRecorded) {
      const source = dataset
        ? hostedSource(transport, dataset)
        : await localSource(transport, options.datasetName ?? `local/${name}`, items)
      parts = await executeRecorded(
        transport,
        { ...options, runName, isNamed: options.runName !== undefined },
        source,
        {
          attempts,
          onProgress: progress.show,
        },
      )
    } else {
      const itemResults = await executeLocally(items, attempts, options, {
        clock: transport.clock,
        onProgress: progress.show,
      })
      parts = { experimentName: name, runName, status: 'COMPLETED', itemResults }
    }
  } finally {
    progress.end()
  }
  const judged = await judgeRun(options.runEvaluators ?? [], parts.itemResults, signal)
  const runEvaluations = judged.flatMap(({ evaluation }) => evaluation ?? [])
  if (parts.runId !== undefined) await recordRunEvaluations(transport, parts.runId, runEvaluations)
  const runEvaluatorErrors = judged.flatMap(({ name, error }) => (error === null ? [] : [{ name, message: error }]))
  return new ExperimentResult(transport, { ...parts, runEvaluations, runEvaluatorErrors })
}

function isHosted(data: ExperimentOptions['data']): data is HostedItems<ExperimentItem> {
  return typeof data === 'object' && data !== null && hosted in data
}

function judgeRun(
  runEvaluators: readonly RunEvaluator[],
  itemResults: ItemResult[],
  signal: AbortSignal | undefined,
): Promise<Judged[]> {
  const evaluators = new Evaluators<{ itemResults: ItemResult[] }>(runEvaluators, 'run evaluator')
  return evaluators.judge({ itemResults }, signal ?? new AbortController().signal)
}
