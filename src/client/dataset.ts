import { eachNode, found, payloadOf } from './answers.ts'
import type { ExperimentResult } from './experiment/result.ts'
import { runExperiment } from './experiment/run-experiment.ts'
import { type ExperimentItem, type HostedItems, hosted, type OutputOf, type RunOptions } from './experiment/types.ts'
import type { DatasetPartsFragment } from './gql/graphql.ts'
import { CreateDataset, DatasetVersionAsOf, FindDataset, ListDatasets } from './operations/dataset.ts'
import { archiveItems, type DatasetItem, eachItem, upsertItems } from './stored-items.ts'
import type { Transport } from './transport.ts'

/** Which state of a dataset: one of them, or neither for the current one. */
export interface DatasetAt {
  version?: number
  /** The newest version that there was at this moment. */
  asOf?: Date | string
}

export interface NewDataset {
  /** Unique in the project; `/` groups names. */
  name: string
  description?: string
  metadata?: unknown
  /** JSON Schemas that every input and every expected output must satisfy. */
  inputSchema?: unknown
  expectedOutputSchema?: unknown
}

type DatasetParts = Pick<DatasetPartsFragment, 'id' | 'name' | 'description' | 'metadata' | 'version' | 'itemCount'>

/** A dataset at a version. Iterating it reads its items lazily, 100 at a time. */
// biome-ignore lint/suspicious/noExplicitAny: stored items are of any type unless the caller says so
export class Dataset<Input = any, Expected = any, Metadata = any>
  implements HostedItems<DatasetItem<Input, Expected, Metadata>>
{
  readonly [hosted] = true
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly metadata: unknown
  /** 0: it never had an item. */
  readonly version: number
  readonly itemCount: number
  readonly #transport: Transport

  constructor(transport: Transport, parts: DatasetParts) {
    this.#transport = transport
    this.id = parts.id
    this.name = parts.name
    this.description = parts.description
    this.metadata = parts.metadata
    this.version = parts.version
    this.itemCount = parts.itemCount
  }

  [Symbol.asyncIterator](): AsyncGenerator<DatasetItem<Input, Expected, Metadata>> {
    return eachItem<Input, Expected, Metadata>(this.#transport, this)
  }

  /** All items. */
  async items(): Promise<DatasetItem<Input, Expected, Metadata>[]> {
    const items: DatasetItem<Input, Expected, Metadata>[] = []
    for await (const item of this) items.push(item)
    return items
  }

  /**
   * Adds items, or changes those with the same key, else with the same input; 1,000 at a time, each as a version.
   * @returns the dataset as it is then
   */
  async upsert(
    items: Iterable<ExperimentItem<Input, Expected, Metadata>>,
  ): Promise<Dataset<Input, Expected, Metadata>> {
    return this.#at(await upsertItems(this.#transport, this.id, [...items]))
  }

  /** Removes items from the newest version; earlier ones keep them. @returns the dataset as it is then */
  async archive(itemIds: readonly string[]): Promise<Dataset<Input, Expected, Metadata>> {
    return this.#at(await archiveItems(this.#transport, this.id, itemIds))
  }

  /** Executes a task on every item, in this process, and records the results as a run of this dataset. */
  runExperiment<Returned>(
    options: RunOptions<DatasetItem<Input, Expected, Metadata>, Returned>,
  ): Promise<ExperimentResult<DatasetItem<Input, Expected, Metadata>, OutputOf<Returned>>> {
    return runExperiment(this.#transport, { ...options, data: this })
  }

  #at(parts: DatasetParts | null): Dataset<Input, Expected, Metadata> {
    return parts ? new Dataset(this.#transport, parts) : this
  }
}

/** The datasets of the project. */
export class Datasets {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** @throws {RefusedError} NOT_FOUND: no such dataset, or it did not exist then */
  // biome-ignore lint/suspicious/noExplicitAny: stored items are of any type unless the caller says so
  async get<Input = any, Expected = any, Metadata = any>(
    name: string,
    at: DatasetAt = {},
  ): Promise<Dataset<Input, Expected, Metadata>> {
    const { dataset } = await this.#transport.request(FindDataset, { name })
    const current = found(dataset, `dataset "${name}"`)
    const version = at.version === undefined && at.asOf === undefined ? null : await this.#versionOf(current, at)
    return new Dataset(this.#transport, { ...current, ...version })
  }

  // biome-ignore lint/suspicious/noExplicitAny: stored items are of any type unless the caller says so
  async create<Input = any, Expected = any, Metadata = any>(
    input: NewDataset,
  ): Promise<Dataset<Input, Expected, Metadata>> {
    const { createDataset } = await this.#transport.request(CreateDataset, { input })
    return new Dataset(this.#transport, payloadOf(createDataset).dataset)
  }

  /** All datasets, or those with this text in their name or description. */
  async *list(search?: string): AsyncGenerator<Dataset> {
    const nodes = eachNode(async (after) => {
      const { datasets } = await this.#transport.request(ListDatasets, { after, search: search ?? null })
      return datasets
    })
    for await (const parts of nodes) yield new Dataset(this.#transport, parts)
  }

  async #versionOf(
    { id, name, version: current }: DatasetPartsFragment,
    { version, asOf }: DatasetAt,
  ): Promise<{ version: number; itemCount: number }> {
    const moment = new Date(asOf ?? Number.NaN).getTime()
    const nodes = eachNode(async (after) => {
      const { node } = await this.#transport.request(DatasetVersionAsOf, { id, after })
      return node && 'versions' in node ? node.versions : null
    })
    let newest: { version: number; itemCount: number } | null = null
    for await (const one of nodes) {
      const fits = version === undefined ? new Date(one.createdAt).getTime() <= moment : one.version === version
      if (fits && one.version > (newest?.version ?? 0)) newest = { version: one.version, itemCount: one.itemCount }
    }
    const asked = version === undefined ? `version at ${String(asOf)}` : `version ${version}`
    return found(newest, `${asked} of dataset "${name}", whose current version is ${current},`)
  }
}
