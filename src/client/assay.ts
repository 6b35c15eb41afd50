import { payloadOf } from './answers.ts'
import { Comparison, checkGate, type Gate, type GateResult } from './comparison.ts'
import { type Dataset, type DatasetAt, Datasets } from './dataset.ts'
import type { ExperimentResult } from './experiment/result.ts'
import { runExperiment } from './experiment/run-experiment.ts'
import type { ExperimentItem, ExperimentOptions, OutputOf, ScoreDataType } from './experiment/types.ts'
import { SetScores } from './operations/run.ts'
import { type Plan, type PlanOptions, planRun } from './plan.ts'
import { Prompts } from './prompt.ts'
import { Runs } from './run.ts'
import { type RunLike, runIdOf } from './run-like.ts'
import { type Operation, Transport, type TransportOptions } from './transport.ts'

/** A score of a run item or of a whole run, by the person or program that the key belongs to. */
export interface NewScore {
  /** Exactly one of these. */
  runItemId?: string
  runId?: string
  name: string
  value: number | boolean | string
  dataType?: ScoreDataType
  comment?: string
  metadata?: unknown
  /** HUMAN for what a person says; default API. */
  source?: 'HUMAN' | 'API'
}

/**
 * An Assay server, seen from a program. Nothing is sent before something is asked for.
 *
 *     const assay = new Assay({ url: 'http://127.0.0.1:4000' })
 *     const result = await assay.runExperiment({ name: 'capitals', data, task, evaluators: [exact] })
 *     console.log(result.format())
 */
export class Assay {
  readonly datasets: Datasets
  readonly prompts: Prompts
  readonly runs: Runs
  /** As `datasets`, under the name that Langfuse's client has. */
  readonly dataset: Datasets
  /** `runExperiment`, under the name that Langfuse's client has. */
  readonly experiment: { run: Assay['runExperiment'] }
  readonly #transport: Transport

  constructor(options: TransportOptions = {}) {
    this.#transport = new Transport(options)
    this.datasets = new Datasets(this.#transport)
    this.dataset = this.datasets
    this.prompts = new Prompts(this.#transport)
    this.runs = new Runs(this.#transport)
    this.experiment = { run: (experiment) => this.runExperiment(experiment) }
  }

  /** The server's URL. */
  get url(): string {
    return this.#transport.url
  }

  /**
   * Executes a task on every item, in this process, scores the outputs, and records both as a run while they come.
   * @throws {TypeError} an invalid option
   * @throws {AssayError} the server refused something or is gone; what was recorded stays, and the name of the run
   *   continues it
   */
  runExperiment<Item extends ExperimentItem, Returned>(
    options: ExperimentOptions<Item, Returned>,
  ): Promise<ExperimentResult<Item, OutputOf<Returned>>> {
    return runExperiment(this.#transport, options)
  }

  /** @throws {RefusedError} NOT_FOUND */
  // biome-ignore lint/suspicious/noExplicitAny: stored items are of any type unless the caller says so
  getDataset<Input = any, Expected = any, Metadata = any>(
    name: string,
    at: DatasetAt = {},
  ): Promise<Dataset<Input, Expected, Metadata>> {
    return this.datasets.get(name, at)
  }

  /** Compares a run with a baseline; default: the one that is approved for the dataset. */
  compare(candidate: RunLike, baseline?: RunLike, options: { margin?: number } = {}): Promise<Comparison> {
    return Comparison.load(
      this.#transport,
      baseline === undefined ? null : runIdOf(baseline),
      runIdOf(candidate),
      options,
    )
  }

  /** How many items and repetitions a run like this one needs to show something, and what they cost. */
  plan(run: RunLike, options: PlanOptions): Promise<Plan> {
    return planRun(this.#transport, run, options)
  }

  /** Checks a run against requirements; default: the gate of its experiment. @returns null without any */
  checkGate(run: RunLike, options: { gate?: Gate; baseline?: RunLike } = {}): Promise<GateResult | null> {
    return checkGate(this.#transport, runIdOf(run), options)
  }

  /** Sets 1–1,000 scores, all or none; each replaces the one of the same name, source and author on the same target. */
  async score(scores: NewScore | readonly NewScore[]): Promise<void> {
    const input = {
      scores: [scores].flat().map(({ runItemId, runId, value, source = 'API', ...score }: NewScore) => ({
        ...score,
        source,
        target: runItemId === undefined ? { runId: runId ?? '' } : { runItemId },
        ...(typeof value === 'string' ? { label: value } : { value: Number(value) }),
        ...(typeof value === 'boolean' && !score.dataType && { dataType: 'BOOLEAN' as const }),
      })),
    }
    payloadOf((await this.#transport.request(SetScores, { input })).setScores)
  }

  /** Sends any operation of the GraphQL API. */
  request<Result, Variables>(
    document: Operation<Result, Variables>,
    variables: Variables,
    options: { signal?: AbortSignal } = {},
  ): Promise<Result> {
    return this.#transport.request(document, variables, options)
  }
}
