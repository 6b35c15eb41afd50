/**
 * OpenAI Evals: the event log of `oaieval`, in JSON Lines, and what the hosted API exports, the output items of runs as a list,
 * a page or JSON Lines.
 */
import { readEventLog } from './openai-event-log.ts'
import { readOutputItems } from './openai-output-items.ts'
import { parseJson, parseLines } from './read-json.ts'
import { FormatError, type ImportedFile, isObject, Left, type Members } from './results.ts'

/** @throws {FormatError} */
export function readOpenAiEvals(text: string, name: string): ImportedFile {
  const left = new Left()
  const nan = () => left.add('a number that is NaN or infinite')
  const values = valuesOf(text, name, nan)
  if (values.some((value) => 'spec' in value || 'event_id' in value)) return readEventLog(values, name, left)
  if (values.some((value) => Array.isArray(value.results) && 'datasource_item' in value)) {
    return readOutputItems(values, name, left)
  }
  throw new FormatError(`Expected an event log or output items of OpenAI Evals in ${name}, got something else.`)
}

function valuesOf(text: string, name: string, nan: () => void): Members[] {
  let whole: unknown
  try {
    whole = parseJson(text, name, nan)
  } catch {
    return parseLines(text, name, nan).map(({ value, line }) => objectIn(value, `line ${line} of ${name}`))
  }
  const list = Array.isArray(whole) ? whole : isObject(whole) && Array.isArray(whole.data) ? whole.data : [whole]
  return list.map((value, index) => objectIn(value, `number ${index + 1} of ${name}`))
}

function objectIn(value: unknown, where: string): Members {
  if (isObject(value)) return value
  throw new FormatError(`Expected an object as ${where}, got ${JSON.stringify(value)?.slice(0, 80)}.`)
}
