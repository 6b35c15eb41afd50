/** Runs in a process for calculations: finds the output in a response. */
import type { Json } from '../domain/json/json.ts'
import { compileJsonPath } from '../domain/json/json-path.ts'

const maxCharacters = 10_000_000

/**
 * Without a member when there is none.
 * @throws {Error} it selects much more than the whole response
 */
export function calculate({ path, content }: { path: string; content: Json }): { found?: Json } {
  const found = compileJsonPath(path, ['outputPath'])(content)
  if (found === undefined) return {}
  const { length } = JSON.stringify(found)
  if (length > maxCharacters) {
    throw new Error(`expected at most ${maxCharacters / 1_000_000} MB, got ${Math.round(length / 1_000_000)} MB`)
  }
  return { found }
}
