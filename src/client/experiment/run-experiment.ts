/** `runExperiment`: a task and evaluators of this process on local data or on a dataset, recorded while it runs. */
import { replaceUnstorable } from '../../domain/json/storable.ts'
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

const maxName = 170

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
  const abortable = transport.until(signal)
  const runName = options.runName ?? `${shortened(name)} - ${new Date().toISOString()}`
  const attempts = new Attempts(options)
  const progress = openProgress(options)
  const dataset = isHosted(data) && record && data.itemCount > 0 ? data : null
  const items = dataset ? [] : await collectItems(data, signal)
  const isRecorded = dataset !== null || (record && items.length > 0)
  let parts: Omit<RunResults, 'runEvaluations' | 'runEvaluatorErrors'>
  try {
    if (isRecorded) {
      const source = dataset
        ? hostedSource(abortable, dataset)
        : await localSource(abortable, options.datasetName ?? `local/${shortened(name)}`, items)
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
  const evaluations = judged.flatMap(({ evaluation }) => evaluation ?? [])
  const failed = judged.flatMap(({ name, error }) => (error === null ? [] : [{ name, message: error }]))
  const refused = parts.runId === undefined ? [] : await recordRunEvaluations(abortable, parts.runId, evaluations)
  const runEvaluations = evaluations.filter(({ name }) => !refused.some((one) => one.name === name))
  return new ExperimentResult(transport, { ...parts, runEvaluations, runEvaluatorErrors: [...failed, ...refused] })
}

/** Names of runs and datasets have at most 200 characters, with what is put around that of the experiment. */
function shortened(name: string): string {
  return name.length <= maxName ? name : `${replaceUnstorable(name.slice(0, maxName - 1)).trimEnd()}…`
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
