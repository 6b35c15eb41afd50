import { Comparison, checkGate, type Gate, type GateResult } from '../comparison.ts'
import type { RunStatus } from '../gql/graphql.ts'
import { type RunLike, runIdOf } from '../run-like.ts'
import type { Transport } from '../transport.ts'
import { formatResult } from './format.ts'
import type { RunResults } from './results.ts'
import type { Evaluation, ExperimentItem, ItemResult } from './types.ts'

/** What came of an experiment. */
export class ExperimentResult<Item extends ExperimentItem = ExperimentItem, Output = unknown> {
  readonly experimentName: string
  readonly runName: string
  /** COMPLETED, unless the run was stopped or cancelled. */
  readonly status: RunStatus
  /** These are undefined unless the run was recorded; those of the dataset run also for local data. */
  readonly experimentId: string | undefined
  readonly runId: string | undefined
  readonly runUrl: string | undefined
  readonly datasetId: string | undefined
  readonly datasetRunId: string | undefined
  readonly datasetRunUrl: string | undefined
  /** Every item and repetition, failed ones included, in the order of the data. */
  readonly itemResults: ItemResult<Item, Output>[]
  readonly runEvaluations: Evaluation[]
  readonly runEvaluatorErrors: { name: string; message: string }[]
  readonly #transport: Transport

  constructor(transport: Transport, parts: RunResults) {
    this.#transport = transport
    this.experimentName = parts.experimentName
    this.runName = parts.runName
    this.status = parts.status
    this.experimentId = parts.experimentId
    this.runId = parts.runId
    this.runUrl = parts.runUrl
    this.datasetId = parts.datasetId
    this.datasetRunId = parts.datasetRunId
    this.datasetRunUrl = parts.datasetRunUrl
    this.itemResults = parts.itemResults as ItemResult<Item, Output>[]
    this.runEvaluations = parts.runEvaluations
    this.runEvaluatorErrors = parts.runEvaluatorErrors
  }

  /** The run for people: a summary, with `includeItemResults` also every item. */
  format(options: { includeItemResults?: boolean } = {}): string {
    return formatResult(this, options)
  }

  /**
   * Compares the run with another; default: with the baseline that is approved for the dataset.
   * @throws {TypeError} it was not recorded
   */
  async compareTo(baseline?: RunLike, options: { margin?: number } = {}): Promise<Comparison> {
    return Comparison.load(this.#transport, baseline === undefined ? null : runIdOf(baseline), runIdOf(this), options)
  }

  /**
   * Checks the run against requirements; default: the gate of the experiment, and the approved baseline.
   * @returns null without any
   * @throws {TypeError} it was not recorded
   */
  async checkGate(gate?: Gate, { baseline }: { baseline?: RunLike } = {}): Promise<GateResult | null> {
    return checkGate(this.#transport, runIdOf(this), {
      ...(gate && { gate }),
      ...(baseline !== undefined && { baseline }),
    })
  }
}
