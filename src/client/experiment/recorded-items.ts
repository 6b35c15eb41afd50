/** Completes the results of this process with what only the server has: items of other processes, scores of the server. */
import { exportedLines } from '../lines.ts'
import type { Transport } from '../transport.ts'
import type { ItemSource } from './item-source.ts'
import { itemOfKey, type Results, resultKey } from './results.ts'
import type { Evaluation, ItemResult, ScoreDataType } from './types.ts'

/** A line of the export of a run. */
interface ExportedItem {
  itemId: string
  runItemId: string
  key: string | null
  repetition: number
  status: string
  input: unknown
  expectedOutput: unknown
  metadata: unknown
  tags: string[]
  output: unknown
  error: { code: string; message: string } | null
  attempts: number
  latencyMs: number | null
  costUsd: number | null
  traceId: string | null
  scores: {
    name: string
    dataType: ScoreDataType
    value: number | null
    label: string | null
    comment: string | null
    source: string
    error: { message: string } | null
  }[]
}

/** All results of the run, in the order of the data. */
export async function fillResults(
  transport: Transport,
  {
    run,
    results,
    ofServer,
  }: {
    run: { id: string; progress: { total: number } }
    results: Results
    /** The names of the scores that the server gives. */
    ofServer: ReadonlySet<string>
  },
  source: ItemSource,
): Promise<ItemResult[]> {
  if (results.size < run.progress.total || ofServer.size > 0) {
    for await (const line of exportedLines(transport, `/export/runs/${run.id}.jsonl`)) {
      const exported = line as ExportedItem
      const key = resultKey({ datasetItemId: exported.itemId, repetition: exported.repetition })
      const own = results.get(key)
      if (own) addScores(own, exported, (name) => ofServer.has(name))
      else results.set(key, fromExport(exported, source))
    }
  }
  const order = await source.order()
  const place = ([key]: [string, unknown]) => order.get(itemOfKey(key)) ?? Number.MAX_SAFE_INTEGER
  return [...results]
    .sort((a, b) => place(a) - place(b) || a[1].repetition - b[1].repetition)
    .map(([, result]) => result)
}

function fromExport(exported: ExportedItem, source: ItemSource): ItemResult {
  const { itemId, runItemId, status, output, error, repetition, attempts, latencyMs, costUsd, traceId } = exported
  const item = source.itemOf({ ...exported, datasetItemId: itemId })
  const result: ItemResult = {
    item,
    input: item.input,
    ...(item.expectedOutput !== undefined && { expectedOutput: item.expectedOutput }),
    status: status === 'SUCCEEDED' || status === 'FAILED' ? status : 'CANCELLED',
    output: status === 'SUCCEEDED' ? output : undefined,
    error: error && { code: error.code, message: error.message },
    evaluations: [],
    evaluatorErrors: [],
    ...{ repetition, attempts, latencyMs, costUsd, traceId, runItemId },
  }
  addScores(result, exported, () => true)
  return result
}

function addScores(
  result: Pick<ItemResult, 'evaluations' | 'evaluatorErrors'>,
  { scores }: ExportedItem,
  wanted: (name: string) => boolean,
): void {
  for (const { name, dataType, value, label, comment, source, error } of scores) {
    if (source !== 'EVALUATOR' || !wanted(name)) continue
    if (error) {
      result.evaluatorErrors.push({ name, message: error.message })
      continue
    }
    const evaluation: Evaluation = { name, value: dataType === 'BOOLEAN' ? value === 1 : (value ?? label), dataType }
    if (comment !== null) evaluation.comment = comment
    result.evaluations.push(evaluation)
  }
}
