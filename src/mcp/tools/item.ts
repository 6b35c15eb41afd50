import * as z from 'zod'
import { type Api, findRun, isIdOf, ToolError } from '../api.ts'
import type { AgentRunItemsQuery } from '../gql/graphql.ts'
import { FindItemOfKey, FindRunItems } from '../operations.ts'
import { number, shortened } from '../text.ts'

export const itemInput = {
  run: z.string().describe('Id or full name of the run.'),
  item: z.string().describe('Key or id of the dataset item, as compare shows it.'),
  maxChars: z.int().min(100).max(20_000).default(3_000).describe('Characters of each value at most.'),
}

type RunItem = NonNullable<NonNullable<NonNullable<AgentRunItemsQuery['run']>['items']>['nodes'][number]>

export async function item(
  api: Api,
  { run, item, maxChars }: z.output<z.ZodObject<typeof itemInput>>,
): Promise<string> {
  const found = await findRun(api, run)
  const itemId = isIdOf('DatasetItem', item) ? item : await itemOfKey(api, found.id, item)
  const { run: answered } = await api.request(FindRunItems, { id: found.id, itemIds: [itemId] })
  const items = answered?.items?.nodes ?? []
  if (items.length === 0) throw new ToolError(`The run "${found.name}" has no item "${item}".`)
  return items.map((one) => itemText(one, maxChars)).join('\n\n')
}

async function itemOfKey(api: Api, runId: string, key: string): Promise<string> {
  const { run } = await api.request(FindItemOfKey, { id: runId, key })
  const node = run?.dataset.items?.nodes[0]
  if (node) return node.item.id
  throw new ToolError(`The dataset of the run has no item with the key ${JSON.stringify(key)}.`)
}

function itemText(item: RunItem, maxChars: number): string {
  const { datasetItem, revision, error, scores } = item
  const tokens = item.inputTokens === null ? '' : `, tokens ${item.inputTokens} in, ${item.outputTokens ?? '–'} out`
  const cost = item.costUsd === null ? '' : `, cost ${number(item.costUsd)} USD`
  const lines = [
    `item ${datasetItem.key ?? datasetItem.id}, repetition ${item.repetition}: ${item.status}`,
    `attempts ${item.attempts}, latency ${number(item.latencyMs)} ms${cost}${tokens}`,
    `input: ${shortened(item.input, maxChars)}`,
    `expected: ${shortened(item.expectedOutput, maxChars)}`,
  ]
  if (item.status === 'SUCCEEDED') lines.push(`output: ${shortened(item.output, maxChars)}`)
  if (item.outputTruncated) lines.push(`(the whole output has ${item.outputBytes} bytes)`)
  if (error) lines.push(`error: ${error.taskCode ?? error.code}: ${shortened(error.message, maxChars)}`)
  if (revision.metadata != null) lines.push(`metadata: ${shortened(revision.metadata, maxChars)}`)
  if (revision.tags.length > 0) lines.push(`tags: ${revision.tags.join(', ')}`)
  for (const score of scores) {
    const value = score.error ? `failed: ${score.error.message}` : (score.label ?? number(score.value))
    const by = score.author === null ? score.source : `${score.source} by ${score.author}`
    lines.push(
      `score ${score.name} (${by}): ${value}${score.comment ? ` – ${shortened(score.comment, maxChars)}` : ''}`,
    )
  }
  if (item.traceUrl ?? item.traceId) lines.push(`trace: ${item.traceUrl ?? item.traceId}`)
  return lines.join('\n')
}
