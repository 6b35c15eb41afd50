import { type FilterFunction, FunctionExpressionType, JSONPathEnvironment, JSONPathError, JSONPathQuery } from 'json-p3'
import { RE2JS, RE2JSException } from 're2js'
import { invalidInput } from '../parse-input.ts'
import type { Json } from './json.ts'

/** The value that a path selects; undefined when there is none. */
type JsonSelector = (value: Json) => Json | undefined

/**
 * Compiles a JSONPath (RFC 9535). A singular path selects its value; any other (`$..a`, `$.a[*]`) selects the array of
 * all matches, which is empty only where the beginning of the path is there (`$.a`): else it selects nothing.
 * @param at the path's position in the caller's input
 * @throws {InvalidInputError} when it is not a JSONPath.
 */
export function compileJsonPath(path: string, at: readonly string[]): JsonSelector {
  const query = compile(path, at)
  if (query.singularQuery()) return (value) => query.match(value)?.value as Json | undefined
  const place = singularPart(query)
  return (value) => {
    const found = query.query(value).values() as Json[]
    return found.length === 0 && !isList(place?.match(value)?.value) ? undefined : found
  }
}

/** A list or an object, of which there may be no part to select. */
function isList(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

/** The longest beginning of a path that selects one value; null where that is the whole value. */
function singularPart({ environment, segments }: JSONPathQuery): JSONPathQuery | null {
  for (let length = segments.length - 1; length > 0; length--) {
    const beginning = new JSONPathQuery(environment, segments.slice(0, length))
    if (beginning.singularQuery()) return beginning
  }
  return null
}

/** Like {@link compileJsonPath}, for a path that must select a single value. */
export function compileSingularJsonPath(path: string, at: readonly string[]): JsonSelector {
  const query = compile(path, at)
  if (!query.singularQuery()) throw invalidInput(at, 'expected a JSONPath of a single value', path)
  return (value) => query.match(value)?.value as Json | undefined
}

/**
 * Whether a path may visit a value more often than once: its cost is not bounded by the size of the value. Some paths
 * that are harmless are taken for such.
 */
export function isHeavyPath(path: string): boolean {
  return /[?,]|\.\.[\s\S]*\.\./.test(path)
}

const maxPathLength = 1_000

function compile(path: string, at: readonly string[]): JSONPathQuery {
  if (path.length > maxPathLength) {
    throw invalidInput(at, `expected a JSONPath of at most ${maxPathLength} characters`, path)
  }
  try {
    return environment.compile(path)
  } catch (error) {
    if (!(error instanceof JSONPathError)) throw error
    throw invalidInput(at, `expected a JSONPath such as $.answer.text (${error.message})`, path)
  }
}

/** `match()` and `search()` of RFC 9535 on RE2: the library runs them on RegExp, where a pattern can take forever. */
function patternFunction(test: (pattern: RE2JS, text: string) => boolean): FilterFunction {
  return {
    argTypes: [FunctionExpressionType.ValueType, FunctionExpressionType.ValueType],
    returnType: FunctionExpressionType.LogicalType,
    call(text: unknown, pattern: unknown) {
      if (typeof text !== 'string' || typeof pattern !== 'string') return false
      try {
        return test(RE2JS.compile(pattern), text)
      } catch (error) {
        // By the RFC, a string that is not a pattern matches nothing.
        if (error instanceof RE2JSException) return false
        throw error
      }
    },
  }
}

const environment = new JSONPathEnvironment()
environment.functionRegister.set(
  'match',
  patternFunction((pattern, text) => pattern.matcher(text).matches()),
)
environment.functionRegister.set(
  'search',
  patternFunction((pattern, text) => pattern.matcher(text).find()),
)
