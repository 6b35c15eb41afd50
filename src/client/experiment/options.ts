import type { ExperimentData, ExperimentItem, RunOptions } from './types.ts'

/** @throws {TypeError} naming the option, what was expected and what came */
export function checkOptions(options: RunOptions): void {
  text('name', options.name)
  if (options.runName !== undefined) text('runName', options.runName)
  if (typeof options.task !== 'function') throw expected('task', 'a function', options.task)
  for (const name of ['evaluators', 'runEvaluators'] as const) {
    for (const [index, one] of (options[name] ?? []).entries()) {
      if (typeof one !== 'function') throw expected(`${name}[${index}]`, 'a function', one)
    }
  }
  const composite = options.compositeEvaluator
  if (composite !== undefined && typeof composite !== 'function')
    throw expected('compositeEvaluator', 'a function', composite)
  whole('maxConcurrency', options.maxConcurrency, 1, 1_000)
  whole('repetitions', options.repetitions, 1, 100)
  whole('timeoutMs', options.timeoutMs, 1, 3_600_000)
  whole('maxAttempts', options.maxAttempts, 1, 20)
}

/** All items, of whatever can be iterated. @throws {TypeError} something else, or an item that is no object with an input */
export async function collectItems(data: ExperimentData<ExperimentItem>): Promise<ExperimentItem[]> {
  const iterable =
    typeof data === 'object' && data !== null && (Symbol.iterator in data || Symbol.asyncIterator in data)
  if (!iterable) throw expected('data', 'a list of items, or a dataset', data)
  const items: ExperimentItem[] = []
  for await (const item of data) {
    if (typeof item !== 'object' || item === null)
      throw expected(`data[${items.length}]`, 'an object with an input', item)
    items.push(item)
  }
  return items
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
  const shown =
    typeof got === 'string'
      ? JSON.stringify(got.slice(0, 100))
      : typeof got === 'object'
        ? JSON.stringify(got)
        : String(got)
  return new TypeError(`${name}: expected ${what}, got ${shown}.`)
}
