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
  const values = valuesOf(text, name, left)
  if (values.some((value) => 'spec' in value || 'event_id' in value)) return readEventLog(values, name, left)
  if (values.some((value) => Array.isArray(value.results) && 'datasource_item' in value)) {
    return readOutputItems(values, name, left)
  }
  throw new FormatError(`Expected an event log or output items of OpenAI Evals in ${name}, got something else.`)
}

function valuesOf(text: string, name: string, left: Left): Members[] {
  const nan = () => left.add('a number that is NaN or infinite')
  const parts = partsOf(text, name, nan)
  const values = parts.flatMap(({ value, where }) => {
    const list = Array.isArray(value) ? value : isObject(value) && Array.isArray(value.data) ? value.data : null
    return list?.map((one, index) => objectIn(one, `number ${index + 1} of ${where}`)) ?? [objectIn(value, where)]
  })
  const last = parts.at(-1)?.value
  if (isObject(last) && last.has_more === true) left.add('the pages after the last one of the file')
  return values
}

/** The file, or its lines. */
function partsOf(text: string, name: string, nan: () => void): { value: unknown; where: string }[] {
  try {
    return [{ value: parseJson(text, name, nan), where: name }]
  } catch {
    return parseLines(text, name, nan).map(({ value, line }) => ({ value, where: `line ${line} of ${name}` }))
  }
}

function objectIn(value: unknown, where: string): Members {
  if (isObject(value)) return value
  throw new FormatError(`Expected an object as ${where}, got ${JSON.stringify(value)?.slice(0, 80)}.`)
}
