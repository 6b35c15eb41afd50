import type { Json } from '../json/json.ts'

/** A call of an HTTP endpoint per item. */
export interface HttpTaskSpec {
  kind: 'http'
  url: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  headers: Record<string, string>
  /**
   * JSON with placeholders such as `{{input}}`, `{{input.question}}` and `{{metadata.…}}`; null sends the item as
   * `{input, metadata}`.
   */
  body: Json
  /** JSONPath of the output in the response; null takes the whole body. */
  outputPath: string | null
  costPath: string | null
  inputTokensPath: string | null
  outputTokensPath: string | null
}
