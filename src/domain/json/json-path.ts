import {
  type FilterFunction,
  FunctionExpressionType,
  JSONPathEnvironment,
  JSONPathError,
  JSONPathQuery,
  jsonpath,
} from 'json-p3'
import { RE2JS, RE2JSException } from 're2js'
import { invalidInput } from '../parse-input.ts'
import type { Json } from './json.ts'

/** The value that a path selects; undefined when there is none. */
type JsonSelector = (value: Json) => Json | undefined

/**
 * Compiles a JSONPath (RFC 9535). A singular path selects its value; any other (`$..a`, `$.a[*]`) selects the array of
 * all matches. That is empty only where none can be expected: `$.a[*].b` selects it from an empty list, and nothing where
 * there is no `a`, or no element with a `b`.
 * @param at the path's position in the caller's input
 * @throws {InvalidInputError} when it is not a JSONPath.
 */
export function compileJsonPath(path: string, at: readonly string[]): JsonSelector {
  const query = compile(path, at)
  if (query.singularQuery()) return (value) => query.match(value)?.value as Json | undefined
  return (value) => {
    const found = query.query(value).values() as Json[]
    return found.length > 0 || mayBeNone(query, value) ? found : undefined
  }
}

/** Whether a path that selects nothing only ends where a list has no such element, and does not name what is not there. */
function mayBeNone({ environment, segments }: JSONPathQuery, value: Json): boolean {
  let nodes: unknown[] = [value]
  for (const [index, segment] of segments.entries()) {
    const next = new JSONPathQuery(environment, segments.slice(0, index + 1)).query(value).values()
    if (next.length > 0) {
      nodes = next
      continue
    }
    const lists = nodes.filter(isList)
    if (segment.toString().startsWith('..')) return lists.length > 0 && lists.every((list) => sizeOf(list) === 0)
    return lists.length > 0 && segment.selectors.every(isOpen)
  }
  return false
}

/** Whether it selects what there is, rather than what it names. */
function isOpen(selector: jsonpath.JSONPathSelector): boolean {
  const { WildcardSelector, SliceSelector, FilterSelector } = jsonpath.selectors
  return [WildcardSelector, SliceSelector, FilterSelector].some((kind) => selector instanceof kind)
}

function isList(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function sizeOf(list: object): number {
  return Object.keys(list).length
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
