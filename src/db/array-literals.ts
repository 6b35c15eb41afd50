/**
 * Lists of values as parameters of statements: one for each column of a batch. All are null where no value is known, and
 * `ROWS FROM` fills up with nulls what is shorter, so that columns that a batch does not have cost nothing. The arrays of
 * `pg` quote every number.
 */
import type { Json } from '../domain/json/json.ts'

type List<Value> = readonly (Value | null)[]

/** For `unnest`. What is not finite becomes null, as in JSON. */
export function numberArray(values: List<number>): string | null {
  if (!values.some(isKnown)) return null
  let list = ''
  for (const value of values) list += isKnown(value) ? `,${value}` : ',NULL'
  return `{${list.slice(1)}}`
}

function isKnown(value: number | null): boolean {
  return value !== null && Number.isFinite(value)
}

/** For `unnest`: of texts without any character that means something in an array, such as those of an enum. */
export function wordArray(values: List<string>): string | null {
  return values.some((value) => value !== null) ? `{${values.map((value) => value ?? 'NULL').join()}}` : null
}

/** For `jsonb_array_elements`, which gives the JSON `null` for null; with `json_array_elements_text` for any texts. */
export function jsonArray(values: List<Json>): string | null {
  return values.some((value) => value !== null) ? JSON.stringify(values) : null
}
