/** Logs of Inspect: samples become items, epochs repetitions, and each log a run. */
import { type InspectLog, readInspectLog } from './inspect-file.ts'
import { scoresOfSamples } from './inspect-scores.ts'
import {
  FormatError,
  type ImportedFile,
  type ImportedItem,
  type ImportedResult,
  isObject,
  Left,
  listOf,
  type Members,
  numberOf,
  objectOf,
  textOf,
} from './results.ts'

/** @throws {FormatError} */
export async function readInspect(content: Uint8Array, name: string): Promise<ImportedFile> {
  const left = new Left()
  const log = await readInspectLog(content, name, left)
  if (log.samples.length === 0) throw withoutSamples(log, name)
  const spec = objectOf(log.header.eval)
  const task = textOf(spec.task) ?? name
  const samples = lastOfEach(log.samples, left).map(resolved)
  const scores = scoresOfSamples(samples, left)
  const items: ImportedItem[] = []
  const places = new Map<string, number>()
  const results = samples.map((sample, index): ImportedResult => {
    const key = String(sample.id)
    let item = places.get(key)
    if (item === undefined) {
      item = items.length
      places.set(key, item)
      items.push(itemOf(key, sample))
    }
    return { item, repetition: epochOf(sample) - 1, ...resultOf(sample, left), scores: scores[index] ?? [] }
  })
  countMissing(log, items.length, left)
  const run = { name: titleOf(spec, task), experiment: task, metadata: metadataOf(log, spec), results }
  return { dataset: `inspect/${task}`, items, runs: [run], left }
}

/** One that ended too soon, or whose samples were not logged. */
function withoutSamples({ header }: InspectLog, name: string): FormatError {
  const counted = numberOf(objectOf(header.results).completed_samples) ?? 0
  const count = counted > 0 ? ` and counts ${counted} that it does not contain` : ''
  return new FormatError(`Expected samples in ${name}, got none: it has the status "${header.status}"${count}.`)
}

function titleOf(spec: Members, task: string): string {
  return [task, textOf(spec.model), textOf(spec.created)].filter((part) => part !== null).join(' – ')
}

function metadataOf({ header }: InspectLog, spec: Members): Members {
  const known = {
    status: header.status,
    model: spec.model,
    createdAt: spec.created,
    runId: spec.run_id,
    evalId: spec.eval_id,
    taskVersion: spec.task_version,
    taskArgs: spec.task_args,
    modelArgs: spec.model_args,
    config: spec.config,
    revision: spec.revision,
    tags: spec.tags,
    error: objectOf(header.error).message,
  }
  const given = Object.entries(known).filter(([, value]) => value !== undefined && value !== null && !isEmpty(value))
  return { importedFrom: 'inspect', ...Object.fromEntries(given) }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** A sample that was executed again after an error is in the log twice. */
function lastOfEach(samples: readonly Members[], left: Left): Members[] {
  const last = new Map(samples.map((sample) => [`${sample.id} ${epochOf(sample)}`, sample]))
  const repeated = samples.length - last.size
  if (repeated > 0) left.add('an earlier execution of the same sample and epoch', repeated)
  return [...last.values()]
}

function epochOf({ epoch }: Members): number {
  return Math.max(1, numberOf(epoch) ?? 1)
}

/** With the long texts that are stored once, and referred to from everywhere, in their places. */
function resolved(sample: Members): Members {
  const attachments = objectOf(sample.attachments)
  if (Object.keys(attachments).length === 0) return sample
  const resolve = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const id = value.startsWith('attachment://') ? value.slice('attachment://'.length) : null
      return id !== null && Object.hasOwn(attachments, id) ? attachments[id] : value
    }
    if (Array.isArray(value)) return value.map(resolve)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolve(member)]))
  }
  const { input, target, choices, output, scores, metadata } = sample
  const parts = resolve({ input, target, choices, output, scores, metadata }) as Members
  return { ...sample, ...parts }
}

function itemOf(key: string, { input, choices, target, metadata }: Members): ImportedItem {
  const options = listOf(choices)
  const expected = Array.isArray(target) && target.length === 1 ? target[0] : target
  return {
    key,
    input: options.length > 0 ? { input, choices: options } : input,
    ...(expected !== undefined && expected !== '' && !isEmpty(expected) && { expectedOutput: expected }),
    ...(isObject(metadata) && !isEmpty(metadata) && { metadata }),
  }
}

function resultOf(sample: Members, left: Left): Omit<ImportedResult, 'item' | 'repetition' | 'scores'> {
  const { error, limit, output } = sample
  const choices = listOf(objectOf(output).choices)
  if (choices.length > 1) left.add('a further choice of an output', choices.length - 1)
  if (isObject(limit)) left.add(`the limit (${String(limit.type)}) that ended a sample`)
  if (listOf(sample.events).length > 0) left.add('the events of a sample')
  const usage = Object.values(objectOf(sample.model_usage)).map(objectOf)
  const sum = (...names: string[]) => {
    const known = usage.flatMap((one) => names.map((name) => numberOf(one[name])).filter((value) => value !== null))
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0)
  }
  const seconds = numberOf(sample.working_time) ?? numberOf(sample.total_time)
  const message = isObject(error) ? (textOf(error.message) ?? 'It failed without a message.') : textOf(error)
  return {
    ...(message === null ? { output: outputOf(output) } : { error: { code: 'TASK_FAILED', message } }),
    latencyMs: seconds === null ? null : seconds * 1_000,
    costUsd: sum('total_cost'),
    inputTokens: sum('input_tokens', 'input_tokens_cache_read', 'input_tokens_cache_write'),
    outputTokens: sum('output_tokens'),
  }
}

/** The text of the answer; what is more than text stays as it is. */
function outputOf(output: unknown): unknown {
  const { choices, completion } = objectOf(output)
  const content = objectOf(objectOf(listOf(choices)[0]).message).content ?? completion ?? null
  if (!Array.isArray(content)) return content
  const texts = content.map((part) => (objectOf(part).type === 'text' ? objectOf(part).text : null))
  return texts.every((text) => typeof text === 'string') ? texts.join('') : content
}

/** Samples that the log says it should have. */
function countMissing({ header, samples }: InspectLog, items: number, left: Left): void {
  const spec = objectOf(header.eval)
  const epochs = numberOf(objectOf(spec.config).epochs) ?? 1
  const total =
    numberOf(objectOf(header.results).total_samples) ?? (numberOf(objectOf(spec.dataset).samples) ?? 0) * epochs
  const missing = Math.max(0, total - samples.length)
  // Those of items that the log has are in the run, as not executed.
  const known = Math.max(0, items * epochs - samples.length)
  if (missing > known) left.add('a sample that the log has no record of', missing - known)
}
