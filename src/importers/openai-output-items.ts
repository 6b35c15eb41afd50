import {
  type ImportedFile,
  type ImportedItem,
  type ImportedResult,
  type ImportedRun,
  type ImportedScore,
  isObject,
  type Left,
  listOf,
  type Members,
  numberOf,
  objectOf,
  textOf,
} from './results.ts'

/** Output items of the hosted API: each of its runs is a run, and the same row of the data source the same item. */
export function readOutputItems(values: readonly Members[], name: string, left: Left): ImportedFile {
  const items: ImportedItem[] = []
  const places = new Map<string, number>()
  const runs = new Map<string, ImportedRun>()
  const suite = textOf(values[0]?.eval_id) ?? name.replace(/\.[^.]*$/, '')
  const seen = new Map<string, number>()
  for (const value of values) {
    if (!('datasource_item' in value)) {
      left.add(`an object of the type "${String(value.object ?? 'unknown')}"`)
      continue
    }
    const sample = objectOf(value.sample)
    const key = String(value.datasource_item_id ?? items.length)
    let item = places.get(key)
    if (item === undefined) {
      item = items.length
      places.set(key, item)
      items.push({ key, input: value.datasource_item })
    }
    const id = textOf(value.run_id) ?? 'run'
    const model = textOf(sample.model)
    const metadata = { importedFrom: 'openai-evals', runId: id, ...(model && { model }) }
    const title = [suite, model, id].filter(Boolean).join(' – ')
    const run: ImportedRun = runs.get(id) ?? { name: title, experiment: suite, metadata, results: [] }
    runs.set(id, run)
    const repetition = seen.get(`${id} ${item}`) ?? 0
    seen.set(`${id} ${item}`, repetition + 1)
    run.results.push({ item, repetition, ...resultOf(value, sample, left) })
  }
  return { dataset: `openai-evals/${suite}`, items, runs: [...runs.values()], left }
}

function resultOf(value: Members, sample: Members, left: Left): Omit<ImportedResult, 'item' | 'repetition'> {
  const usage = objectOf(sample.usage)
  const error = isObject(sample.error) && (sample.error.message || sample.error.code) ? sample.error : null
  const failed = error !== null || value.status === 'error' || value.status === 'errored'
  const about = {
    latencyMs: null,
    costUsd: null,
    inputTokens: numberOf(usage.prompt_tokens),
    outputTokens: numberOf(usage.completion_tokens),
  }
  const results = listOf(value.results).map(objectOf)
  if (failed) {
    if (results.length > 0) left.add('the result of a grader of an item that failed', results.length)
    const message = textOf(error?.message) ?? textOf(error?.code) ?? 'It failed without a message.'
    return { error: { code: 'TASK_FAILED', message }, ...about, scores: [] }
  }
  return { output: outputOf(sample, left), ...about, scores: results.flatMap((result) => scoresOf(result)) }
}

function outputOf(sample: Members, left: Left): unknown {
  const messages = listOf(sample.output).map(objectOf)
  if (messages.length > 1) left.add('an earlier message of an output', messages.length - 1)
  const last = messages.at(-1)
  return last ? (last.content ?? last) : null
}

/** A grader gives a score, and whether it passes. */
function scoresOf({ name, score, passed, sample, type, reason }: Members): ImportedScore[] {
  // The API adds an id to the names of graders: "exact-9d3f…".
  const by = (textOf(name) ?? 'grader').replace(/-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, '')
  const metadata = { ...(type != null && { type }), ...(sample != null && { sample }) }
  const about = {
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(textOf(reason) && { comment: textOf(reason) as string }),
  }
  const value = numberOf(score)
  const scores: ImportedScore[] = []
  if (typeof passed === 'boolean') scores.push({ name: `${by}: passed`, value: passed, ...about })
  if (value !== null) scores.push({ name: by, value, ...(scores.length === 0 && about) })
  if (scores.length === 0) scores.push({ name: by, value: null, error: 'The grader gave no score.', ...about })
  return scores
}
