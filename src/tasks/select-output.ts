/** Runs in a process for calculations: finds the output in a response. */
import type { Json } from '../domain/json/json.ts'
import { compileJsonPath } from '../domain/json/json-path.ts'

/** Without a member when there is none. */
export function calculate({ path, content }: { path: string; content: Json }): { found?: Json } {
  const found = compileJsonPath(path, ['outputPath'])(content)
  return found === undefined ? {} : { found }
}
