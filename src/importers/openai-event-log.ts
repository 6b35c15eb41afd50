import {
  type ImportedFile,
  type ImportedItem,
  type ImportedResult,
  type ImportedScore,
  isObject,
  type Left,
  listOf,
  type Members,
  numberOf,
  objectOf,
  textOf,
} from './results.ts'

/** What the events of one sample say together. */
interface Sample {
  input: unknown
  expected: unknown
  output: unknown
  error: string | null
  tokens: { input: number | null; output: number | null }
  scores: Map<string, ImportedScore>
}

/** The samples of an event log, in the order of their first events. */
export function readEventLog(events: readonly Members[], name: string, left: Left): ImportedFile {
  const spec = objectOf(events.find((event) => 'spec' in event)?.spec)
  const report = events.find((event) => 'final_report' in event)?.final_report
  const samples = new Map<string, Sample>()
  for (const event of events) {
    const { sample_id: id, type, data } = event
    if (typeof id !== 'string' && typeof id !== 'number') {
      if (!('spec' in event || 'final_report' in event)) left.add('an event without a sample')
      continue
    }
    const sample = samples.get(String(id)) ?? emptySample()
    samples.set(String(id), sample)
    apply(sample, String(type), data, left)
  }
  const items: ImportedItem[] = []
  const results = [...samples].map(([key, sample], item): ImportedResult => {
    items.push({
      key,
      input: sample.input ?? null,
      ...(sample.expected !== undefined && sample.expected !== null && { expectedOutput: sample.expected }),
    })
    const { error, tokens } = sample
    const about = { latencyMs: null, costUsd: null, inputTokens: tokens.input, outputTokens: tokens.output }
    const scores = [...sample.scores.values()]
    if (error === null) return { item, repetition: 0, output: sample.output ?? null, ...about, scores }
    if (scores.length > 0) left.add('the score of a sample that failed', scores.length)
    return { item, repetition: 0, error: { code: 'TASK_FAILED', message: error }, ...about, scores: [] }
  })
  const suite = textOf(spec.base_eval) ?? textOf(spec.eval_name) ?? name.replace(/\.[^.]*$/, '')
  const models = listOf(spec.completion_fns).map(String).join(', ')
  const title = [textOf(spec.eval_name) ?? suite, models || null, textOf(spec.run_id)].filter((part) => part !== null)
  const metadata = {
    importedFrom: 'openai-evals',
    ...(spec.run_id != null && { runId: spec.run_id }),
    ...(spec.created_at != null && { createdAt: spec.created_at }),
    ...(models && { model: models }),
    ...(spec.split != null && { split: spec.split }),
    ...(report !== undefined && { finalReport: report }),
  }
  const run = { name: title.join(' – '), experiment: suite, metadata, results }
  return { dataset: `openai-evals/${suite}`, items, runs: [run], left }
}

function emptySample(): Sample {
  return {
    input: undefined,
    expected: undefined,
    output: undefined,
    error: null,
    tokens: { input: null, output: null },
    scores: new Map(),
  }
}

function apply(sample: Sample, type: string, given: unknown, left: Left): void {
  const data = objectOf(given)
  switch (type) {
    case 'sampling': {
      // Of several calls the first has the question, and the last the answer.
      sample.input ??= data.prompt
      if (sample.output !== undefined) left.add('an earlier answer of a sample that calls the model more than once')
      const sampled = data.sampled
      sample.output = Array.isArray(sampled) && sampled.length === 1 ? sampled[0] : sampled
      const usage = objectOf(data.usage)
      sample.tokens.input = plus(sample.tokens.input, numberOf(usage.prompt_tokens))
      sample.tokens.output = plus(sample.tokens.output, numberOf(usage.completion_tokens))
      return
    }
    case 'match':
      sample.expected ??= data.expected
      sample.input ??= data.prompt
      sample.output ??= data.sampled ?? data.picked
      if (typeof data.correct === 'boolean') addScore(sample, { name: 'match', value: data.correct }, left)
      return
    case 'metrics':
      for (const [name, value] of Object.entries(data)) addMetric(sample, name, value, left)
      return
    case 'raw_sample':
      sample.input ??= data.input ?? data.prompt ?? given
      sample.expected ??= data.ideal
      return
    case 'pick_option':
    case 'cond_logp':
      sample.input ??= data.prompt
      sample.output ??= data.picked ?? data.completion
      left.add(`what else an event of the type "${type}" says`)
      return
    case 'error':
      sample.error = `${String(data.type ?? 'Error')}: ${String(data.message ?? '')}`
      return
    default:
      left.add(`an event of the type "${type}"`)
  }
}

function addMetric(sample: Sample, name: string, value: unknown, left: Left): void {
  if (typeof value === 'boolean' || numberOf(value) !== null || typeof value === 'string') {
    addScore(sample, { name, value: value as boolean | number | string }, left)
  } else if (value !== null && value !== undefined) {
    left.add(isObject(value) ? `the metric "${name}", which is an object` : `the metric "${name}", which is a list`)
  }
}

function addScore(sample: Sample, score: ImportedScore, left: Left): void {
  if (sample.scores.has(score.name)) left.add(`an earlier value of "${score.name}" of the same sample`)
  sample.scores.set(score.name, score)
}

function plus(sum: number | null, more: number | null): number | null {
  return more === null ? sum : (sum ?? 0) + more
}
