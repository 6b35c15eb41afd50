/** Examples of a page of the documentation, to be executed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { TestServer } from './server.ts'
import { root } from './spawn-assay.ts'

/** The fenced blocks of a language, in their order. */
export function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, block = '']) =>
    found === language ? [block] : [],
  )
}

/**
 * Executes an operation of a page, with values for its placeholders such as `<id of the run>`; every mutation in it must
 * succeed.
 */
export async function executed(t: TestServer, operation: string, values: Record<string, string> = {}) {
  const query = operation.replaceAll(/<([^<>]+)>/g, (_, name: string) => values[name] ?? `no value for ${name}`)
  const { data, errors } = await t.query(query)
  expect(errors, query).toBeUndefined()
  expect(JSON.stringify(data), query).not.toContain('"message"')
  return data
}
