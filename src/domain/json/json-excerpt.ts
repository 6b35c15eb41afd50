import type { Json } from './json.ts'

/** A value for an "expected …, got …" message: its JSON, at most 80 characters. */
export function jsonExcerpt(value: Json | undefined): string {
  return shortened(value === undefined ? 'nothing' : JSON.stringify(value))
}

/** At most 80 characters of a text. */
export function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79).toWellFormed()}…` : text
}
