/** An engine that files are imported into. */
import { afterAll, beforeAll, expect } from 'vitest'
import type { Json } from '../../../src/domain/json/json.ts'
import { type ImportError, type ImportInput, importItems } from '../../../src/engine/datasets/import.ts'
import type { ImportMapping } from '../../../src/engine/datasets/import-mapping.ts'
import { listDatasetItems } from '../../helpers/dataset-items.ts'
import { createTestEngine, type TestEngine } from '../../helpers/engine.ts'

export let test: TestEngine

/** Starts it for the tests of a file. */
export function useEngine(): void {
  beforeAll(async () => {
    test = await createTestEngine()
  })
  afterAll(() => test[Symbol.asyncDispose]())
}

let names = 0
export const newName = () => `import/${names++}`

export async function* once(text: string | Buffer) {
  yield Buffer.from(text as string)
}

export function load(dataset: string, file: string | Buffer, options: Partial<ImportInput> = {}) {
  return importItems(test.services, test.scope, { dataset, source: once(file), format: null, mapping: {}, ...options })
}

export async function items(dataset: string) {
  const found = await test.db.prisma.dataset.findFirstOrThrow({ where: { name: dataset } })
  return (await listDatasetItems(test, test.scope, found.id)).rows
}

/** What the first row becomes. */
export async function firstItem(file: string, mapping: ImportMapping = {}) {
  const dataset = newName()
  await load(dataset, file, { mapping })
  const [item] = await items(dataset)
  return (
    item && {
      key: item.key,
      input: item.input,
      expectedOutput: item.expectedOutput,
      tags: item.tags,
      metadata: item.metadata,
    }
  )
}

export async function refusal(file: string | Buffer, options: Partial<ImportInput> = {}) {
  const dataset = newName()
  const error = await load(dataset, file, options).catch((error: ImportError) => error)
  expect(await test.db.prisma.dataset.findFirst({ where: { name: dataset } })).toBeNull()
  return error as ImportError
}

export const lines = (...rows: Json[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
