import { eachNode, found, payloadOf } from './answers.ts'
import { Comparison } from './comparison.ts'
import { ConnectionError } from './errors.ts'
import type { FollowRunItemsSubscription, RunPartsFragment } from './gql/graphql.ts'
import { ControlRun, FindRun, FollowRunEnd, FollowRunItems, ListRuns } from './operations/run.ts'
import { type RescoreOptions, rescore } from './rescore.ts'
import { type RunLike, runIdOf } from './run-like.ts'
import type { Operation, Transport } from './transport.ts'

/** An item of a run, in its latest state. */
export type RunItem = FollowRunItemsSubscription['runFeed']['items'][number]

/** Which runs. */
export interface RunFilter {
  datasetId?: string
  experimentId?: string
  search?: string
}

const pauseMs = 1_000

/** A run as it was when it was read; `refresh` and `finished` read it again. Iterating it follows its items live. */
export class Run {
  readonly #transport: Transport
  readonly #parts: RunPartsFragment

  constructor(transport: Transport, parts: RunPartsFragment) {
    this.#transport = transport
    this.#parts = parts
  }

  get id(): string {
    return this.#parts.id
  }

  get name(): string {
    return this.#parts.name
  }

  get description(): string | null {
    return this.#parts.description
  }

  get metadata(): unknown {
    return this.#parts.metadata
  }

  get status(): RunPartsFragment['status'] {
    return this.#parts.status
  }

  get stopReason(): RunPartsFragment['stopReason'] {
    return this.#parts.stopReason
  }

  get url(): string {
    return this.#parts.url
  }

  get dataset(): { id: string; name: string; version: number } {
    return { ...this.#parts.dataset, version: this.#parts.datasetVersion }
  }

  get experiment(): { id: string; name: string } {
    return this.#parts.experiment
  }

  get progress(): RunPartsFragment['progress'] {
    return this.#parts.progress
  }

  /** How far it is being scored again; null if it never was. */
  get scoring(): RunPartsFragment['scoring'] {
    return this.#parts.scoring
  }

  get stats(): RunPartsFragment['stats'] {
    return this.#parts.stats
  }

  /** The run as it is now. */
  async refresh(): Promise<Run> {
    return findRun(this.#transport, this.id)
  }

  /**
   * Waits until the run has finished, and is not being scored again, however often the connection is lost.
   * @throws {RefusedError} the run was deleted
   */
  async finished({ signal }: { signal?: AbortSignal } = {}): Promise<Run> {
    for await (const { done, run } of this.#follow(FollowRunEnd, signal)) {
      if (done || !run) return new Run(this.#transport, found(run, `run "${this.name}"`))
    }
    return this.refresh()
  }

  /** The items as they change, each complete and in its latest state, until the run has finished. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RunItem> {
    for await (const { items } of this.#follow(FollowRunItems)) yield* items
  }

  /** The items of the run as they are when it has finished, in the order of the schedule. */
  async items(): Promise<RunItem[]> {
    const items = new Map<string, RunItem>()
    for await (const item of this) items.set(item.id, item)
    return [...items.values()].sort((a, b) => a.position - b.position || a.repetition - b.repetition)
  }

  /** Compares this run with a baseline; default: the one that is approved for the dataset. */
  compareTo(baseline?: RunLike, options: { margin?: number } = {}): Promise<Comparison> {
    return Comparison.load(this.#transport, baseline === undefined ? null : runIdOf(baseline), this.id, options)
  }

  async cancel(): Promise<Run> {
    const { cancelRun } = await this.#transport.request(ControlRun.cancel, { input: { id: this.id } })
    return new Run(this.#transport, payloadOf(cancelRun).run)
  }

  /** Continues a cancelled or stopped run. */
  async resume(): Promise<Run> {
    const { resumeRun } = await this.#transport.request(ControlRun.resume, { input: { id: this.id } })
    return new Run(this.#transport, payloadOf(resumeRun).run)
  }

  /**
   * Scores its stored outputs again, by evaluators of the server as they are now; the task is not called. `finished` waits
   * for the end.
   * @throws {RefusedError} CONFLICT: it is unfinished, or is being scored again; NOT_FOUND: no such evaluator
   */
  async rescore(options: RescoreOptions = {}): Promise<Run> {
    const [parts] = await rescore(this.#transport, [this.id], options)
    return new Run(this.#transport, parts as RunPartsFragment)
  }

  /** Batches of the feed, resumed behind the last one that arrived. */
  async *#follow<Batch extends { cursor: string; done: boolean }>(
    document: Operation<{ runFeed: Batch }, { runId: string; after?: string | null }>,
    signal?: AbortSignal,
  ): AsyncGenerator<Batch> {
    for (let after: string | null = null; ; ) {
      try {
        for await (const { runFeed } of this.#transport.subscribe(document, { runId: this.id, after }, signal)) {
          after = runFeed.cursor
          yield runFeed
          if (runFeed.done) return
        }
        return
      } catch (error) {
        // The transport has waited for the server already when a request cannot be sent at all.
        if (!(error instanceof ConnectionError) || error.message.startsWith('There is no')) throw error
        await this.#transport.clock.sleep(pauseMs, signal)
      }
    }
  }
}

/** The runs of the project. */
export class Runs {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** @throws {RefusedError} NOT_FOUND */
  get(id: string): Promise<Run> {
    return findRun(this.#transport, id)
  }

  /** The newest run of exactly this name. @throws {RefusedError} NOT_FOUND */
  async find(name: string, filter: Omit<RunFilter, 'search'> = {}): Promise<Run> {
    for await (const run of this.list({ ...filter, search: name })) if (run.name === name) return run
    return found<Run>(null, `run named "${name}"`)
  }

  /** Scores the stored outputs of several runs again, all or none; see `Run.rescore`. */
  async rescore(runs: readonly RunLike[], options: RescoreOptions = {}): Promise<Run[]> {
    const begun = await rescore(this.#transport, runs.map(runIdOf), options)
    return begun.map((parts) => new Run(this.#transport, parts))
  }

  /** Newest first. */
  async *list(filter: RunFilter = {}): AsyncGenerator<Run> {
    const { datasetId, experimentId, search } = filter
    const asked = {
      ...(datasetId !== undefined && { datasetId }),
      ...(experimentId !== undefined && { experimentId }),
      ...(search !== undefined && { search }),
    }
    const nodes = eachNode(async (after) => {
      const { runs } = await this.#transport.request(ListRuns, { filter: asked, after })
      return runs
    })
    for await (const parts of nodes) yield new Run(this.#transport, parts)
  }
}

async function findRun(transport: Transport, id: string): Promise<Run> {
  const { run } = await transport.request(FindRun, { id })
  return new Run(transport, found(run, `run ${id}`))
}
