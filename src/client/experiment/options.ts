import { NotJsonError, toJson } from '../../domain/json/to-json.ts'
import { messageOf } from '../errors.ts'
import type { ExperimentData, ExperimentItem, RunOptions } from './types.ts'

/** @throws {TypeError} naming the option, what was expected and what came */
export function checkOptions(options: RunOptions): void {
  text('name', options.name)
  if (options.name !== options.name.trim() || /\p{Cc}/u.test(options.name)) {
    throw expected('name', 'a text on one line, without surrounding space', options.name)
  }
  if (options.runName !== undefined) text('runName', options.runName)
  if (typeof options.task !== 'function') throw expected('task', 'a function', options.task)
  for (const name of ['evaluators', 'runEvaluators'] as const) {
    list(name, options[name])
    for (const [index, one] of (options[name] ?? []).entries()) {
      if (typeof one !== 'function') throw expected(`${name}[${index}]`, 'a function', one)
    }
  }
  const composite = options.compositeEvaluator
  if (composite !== undefined && typeof composite !== 'function')
    throw expected('compositeEvaluator', 'a function', composite)
  list('serverEvaluators', options.serverEvaluators)
  const { metadata, signal } = options
  if (metadata !== undefined) jsonObject('metadata', metadata)
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw expected('signal', 'an AbortSignal', signal)
  for (const name of ['budgetUsd', 'maxFailureRate'] as const) {
    const value: unknown = options[name]
    if (value !== undefined && !Number.isFinite(value)) throw expected(name, 'a number', value)
  }
  whole('maxConcurrency', options.maxConcurrency, 1, 1_000)
  whole('repetitions', options.repetitions, 1, 100)
  whole('timeoutMs', options.timeoutMs, 1, 3_600_000)
  whole('maxAttempts', options.maxAttempts, 1, 20)
}

/**
 * All items, of whatever can be iterated.
 * @throws {TypeError} something else, or an item that is no object with an input
 * @throws `signal.reason` once the signal has aborted
 */
export async function collectItems(
  data: ExperimentData<ExperimentItem>,
  signal: AbortSignal | undefined,
): Promise<ExperimentItem[]> {
  const iterable =
    typeof data === 'object' && data !== null && (Symbol.iterator in data || Symbol.asyncIterator in data)
  if (!iterable) throw expected('data', 'a list of items, or a dataset', data)
  const items: ExperimentItem[] = []
  for await (const item of data) {
    signal?.throwIfAborted()
    if (!isItem(item)) throw expected(`data[${items.length}]`, 'an object with an input', item)
    items.push(item)
  }
  return items
}

/** An input may be left out, but not all that makes an item. */
function isItem(item: unknown): boolean {
  return (
    typeof item === 'object' && item !== null && ['input', 'expectedOutput', 'metadata'].some((part) => part in item)
  )
}

function list(name: string, value: unknown): void {
  if (value !== undefined && !Array.isArray(value)) throw expected(name, 'a list', value)
}

function jsonObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected(name, 'an object', value)
  try {
    toJson(value)
  } catch (error) {
    if (error instanceof NotJsonError) throw new TypeError(`${name}: expected JSON, but ${error.message}.`)
    throw error
  }
}

function text(name: string, value: unknown): void {
  if (typeof value !== 'string' || value.trim() === '' || value.length > 200) {
    throw expected(name, 'a text of 1 to 200 characters', value)
  }
}

function whole(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return
  throw expected(name, `a whole number from ${min} to ${max}`, value)
}

function expected(name: string, what: string, got: unknown): TypeError {
  const shown = typeof got === 'string' ? JSON.stringify(got.slice(0, 100)) : excerpt(got)
  return new TypeError(`${name}: expected ${what}, got ${shown}.`)
}

function excerpt(value: unknown): string {
  return messageOf(value).slice(0, 100)
}
