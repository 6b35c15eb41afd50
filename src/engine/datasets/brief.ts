import type { Json } from '../../domain/json.ts'

/** The beginning of a value as JSON, for messages. */
export function brief(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
