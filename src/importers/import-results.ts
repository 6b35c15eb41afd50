/** Files of results of other tools: a dataset, finished runs and scores. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Clock, systemClock } from '../client/clock.ts'
import type { Assay, Run } from '../client/index.ts'
import { readInspect } from './inspect.ts'
import { readOpenAiEvals } from './openai-evals.ts'
import { readPromptfoo } from './promptfoo.ts'
import { FormatError, type ImportedFile } from './results.ts'
import { scoreTypes } from './score-types.ts'
import { type StoredItems, storeItems } from './store-items.ts'
import { storeRun } from './store-run.ts'

export { FormatError } from './results.ts'

export const tools = ['promptfoo', 'inspect', 'openai-evals'] as const
export type Tool = (typeof tools)[number]

export interface ImportedResults {
  dataset: StoredItems
  runs: { run: Run; isKnown: boolean }[]
  /** What was not taken over, and how often. */
  left: [what: string, count: number][]
}

/**
 * Imports a file. The same file again changes nothing.
 * @param dataset default: by the tool and the name that the file gives
 * @throws {FormatError} the file is not what it should be
 * @throws {RefusedError | ConnectionError}
 */
export async function importResults(
  assay: Assay,
  path: string,
  {
    from,
    dataset,
    clock = systemClock,
    onProgress,
  }: { from: Tool; dataset?: string; clock?: Clock; onProgress?: (done: number, total: number) => void },
): Promise<ImportedResults> {
  const content = await readFile(path)
  const file = await parse(content, basename(path), from)
  const total = file.runs.reduce((sum, { results }) => sum + results.length, 0)
  if (total === 0) throw new FormatError(`${basename(path)} has no results.`)
  const fingerprint = createHash('sha256').update(content).digest('hex')
  const stored = await storeItems(assay, dataset ?? file.dataset, file.items, file.left)
  let done = 0
  const onRecorded = (count: number) => {
    done += count
    onProgress?.(done, total)
  }
  const runs: ImportedResults['runs'] = []
  const scores = { tool: from, types: scoreTypes(file.runs) }
  for (const run of file.runs)
    runs.push(await storeRun(assay, stored, run, { fingerprint, scores, left: file.left, clock, onRecorded }))
  return { dataset: stored, runs, left: file.left.entries() }
}

function parse(content: Uint8Array, name: string, from: Tool): ImportedFile | Promise<ImportedFile> {
  if (from === 'inspect') return readInspect(content, name)
  const text = new TextDecoder('utf-8').decode(content)
  return from === 'promptfoo' ? readPromptfoo(text, name) : readOpenAiEvals(text, name)
}
