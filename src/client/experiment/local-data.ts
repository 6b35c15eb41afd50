/**
 * Local data as a dataset: it gets the items, and loses those that are not among them any more. Data that did not
 * change are matched by their content, so they make no new version.
 */
import { toJson } from '../../domain/json/to-json.ts'
import { canonicalJson } from '../canonical-json.ts'
import { AssayError, RefusedError } from '../errors.ts'
import { archiveItems, eachItem, itemInput } from '../stored-items.ts'
import { type Transport, withText } from '../transport.ts'
import type { ExperimentItem } from './types.ts'

/** Other programs may be changing the dataset at the same time. */
const maxTries = 5

/**
 * @returns the version of the dataset that has exactly these items
 * @throws {AssayError} an item that cannot be stored, or a dataset that others keep changing
 */
export async function storeItems(
  transport: Transport,
  name: string,
  items: readonly ExperimentItem[],
): Promise<{ id: string; version: number }> {
  const stored = items.map((item, index) => {
    try {
      return toJson(itemInput(item)) as ReturnType<typeof itemInput>
    } catch (error) {
      throw new AssayError(`data[${index}]: expected JSON, but ${(error as Error).message}.`, { cause: error })
    }
  })
  const parameters = new URLSearchParams({ format: 'jsonl' })
  if (stored.some((item) => 'metadata' in item)) parameters.set('metadata', 'metadata')
  const body = new Blob(stored.map((item) => `${JSON.stringify(item)}\n`))
  for (let tries = 0; tries < maxTries; tries += 1) {
    const { datasetId, version } = await importItems(
      transport,
      `/import/${encodeURIComponent(name)}?${parameters}`,
      body,
    )
    const others = await findOthers(eachItem(transport, { id: datasetId, version }), stored)
    if (others === null) continue
    if (others.length === 0) return { id: datasetId, version }
    const current = await archiveItems(transport, datasetId, others)
    if (current?.itemCount === items.length) return { id: datasetId, version: current.version }
  }
  throw new AssayError(`Others keep changing the dataset "${name}": give the data a datasetName of their own.`)
}

async function importItems(
  transport: Transport,
  path: string,
  body: Blob,
): Promise<{ datasetId: string; version: number }> {
  const { response, text } = await transport.send(
    path,
    { method: 'POST', body, headers: { 'content-type': 'application/x-ndjson' } },
    withText,
  )
  const answer = parsed(text) as Partial<{
    datasetId: string
    version: number
    errors: { message: string; extensions?: { code?: string } }[]
  }> | null
  if (response.ok && answer?.datasetId && answer.version)
    return { datasetId: answer.datasetId, version: answer.version }
  const [error] = answer?.errors ?? []
  throw error ? new RefusedError(error.message, error.extensions?.code ?? 'UNKNOWN') : transport.notAssay(response)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The ids of the items of a dataset that are not among these; null if one of these is missing. */
async function findOthers(
  dataset: AsyncIterable<{ id: string } & ExperimentItem>,
  items: readonly ExperimentItem[],
): Promise<string[] | null> {
  const wanted = new Map<string, number>()
  for (const item of items) wanted.set(contentOf(item), (wanted.get(contentOf(item)) ?? 0) + 1)
  const others: string[] = []
  for await (const item of dataset) {
    const content = contentOf(item)
    const left = wanted.get(content) ?? 0
    if (left > 0) wanted.set(content, left - 1)
    else others.push(item.id)
  }
  return [...wanted.values()].every((left) => left === 0) ? others : null
}

/** The content of an item as text: equal for equal items, however they were written. */
export function contentOf({ key, input, expectedOutput, metadata, tags }: ExperimentItem): string {
  return canonicalJson([key ?? null, input ?? null, expectedOutput ?? null, metadata ?? null, [...new Set(tags)]])
}
