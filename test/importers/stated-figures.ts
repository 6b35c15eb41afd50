/** What a result file says of itself: how many results, how many errors, and means or sums of scores. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Tool } from '../../src/importers/import-results.ts'
import { readInspectLog } from '../../src/importers/inspect-file.ts'
import { isObject, Left, listOf, type Members, numberOf, objectOf, textOf } from '../../src/importers/results.ts'

export interface StatedFigures {
  format: string
  /** Executions, those with errors among them. */
  results?: number
  errors?: number
  /** By score, over all runs of the file. */
  sums: Record<string, number>
  /** By score. */
  means: Record<string, number>
}

export async function statedFigures(tool: Tool, path: string): Promise<StatedFigures> {
  if (tool === 'promptfoo') return ofPromptfoo(readFileSync(path, 'utf8'))
  if (tool === 'openai-evals') return ofOpenAiEvals(readFileSync(path, 'utf8'))
  const { header } = await readInspectLog(readFileSync(path), basename(path), new Left())
  return ofInspect(header)
}

function ofPromptfoo(text: string): StatedFigures {
  const none = { format: 'JSON Lines', sums: {}, means: {} }
  if (!isJson(text)) return none
  const file = JSON.parse(text) as Members
  const summary = isObject(file.results) ? file.results : file
  const { successes, failures, errors } = objectOf(summary.stats)
  const metrics = listOf(summary.prompts ?? file.prompts).map((prompt) => objectOf(objectOf(prompt).metrics))
  const sums: Record<string, number> = typeof successes === 'number' ? { pass: successes } : {}
  for (const { score, namedScores } of metrics) {
    for (const [name, value] of Object.entries({ score, ...objectOf(namedScores) })) {
      if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value
    }
  }
  const counts = [successes, failures, errors].map(numberOf).filter((count) => count !== null)
  return {
    format: `version ${summary.version ?? 'none'}`,
    ...(counts.length > 0 && { results: counts.reduce((a, b) => a + b) }),
    ...(typeof errors === 'number' && { errors }),
    sums,
    means: {},
  }
}

function ofInspect(header: Members): StatedFigures {
  const { total_samples: total, completed_samples: completed, scores } = objectOf(header.results)
  const means: Record<string, number> = {}
  for (const score of listOf(scores).map(objectOf)) {
    const scorer = textOf(score.scorer) ?? String(score.name)
    const name = score.name === scorer || !score.name ? scorer : `${scorer}.${score.name}`
    const metrics = objectOf(score.metrics)
    const mean = numberOf(objectOf(metrics.accuracy ?? metrics.mean).value)
    if (mean !== null && (score.reducer ?? 'mean') === 'mean') means[name] = mean
  }
  return {
    format: `version ${header.version}`,
    ...(typeof completed === 'number' && { results: completed }),
    ...(typeof total === 'number' && typeof completed === 'number' && { errors: total - completed }),
    sums: {},
    means,
  }
}

function ofOpenAiEvals(text: string): StatedFigures {
  if (isJson(text)) return { format: 'JSON', sums: {}, means: {} }
  const events = text.split('\n').flatMap((line) => (line.trim() ? [JSON.parse(line) as Members] : []))
  const report = objectOf(events.find((event) => 'final_report' in event)?.final_report)
  const means: Record<string, number> = {}
  for (const [name, value] of Object.entries(report)) {
    if (typeof value === 'number') means[name === 'accuracy' ? 'match' : name] = value
  }
  return { format: 'JSON Lines', sums: {}, means }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
