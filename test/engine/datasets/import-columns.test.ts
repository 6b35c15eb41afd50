/** What becomes of the columns of a file is decided once, told back, and never guessed row by row. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ImportError, type ImportInput, importItems } from '../../../src/engine/datasets/import.ts'
import { declaredFormat } from '../../../src/engine/datasets/import-format.ts'
import { previewImport } from '../../../src/engine/datasets/preview-import.ts'
import { listDatasetItems } from '../../helpers/dataset-items.ts'
import { createTestEngine, type TestEngine } from '../../helpers/engine.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

let names = 0

async function* bytes(file: string | Buffer, size = Number.POSITIVE_INFINITY) {
  const whole = Buffer.from(file as string)
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}

async function load(file: string | Buffer, options: Partial<ImportInput> = {}, size?: number) {
  const dataset = `columns/${names++}`
  const given = { dataset, source: bytes(file, size), format: null, mapping: {}, ...options }
  const result = await importItems(t.services, t.scope, given)
  const { rows } = await listDatasetItems(t, t.scope, result.dataset.id)
  const items = rows.map(({ key, input, expectedOutput, metadata }) => ({ key, input, expectedOutput, metadata }))
  return { items, mapping: result.mapping }
}

async function refusal(file: string | Buffer, options: Partial<ImportInput> = {}): Promise<string> {
  const error = await load(file, options).then(
    () => ({ message: 'it was accepted' }),
    (error: ImportError) => error,
  )
  return error.message
}

const lines = (...rows: object[]) => rows.map((row) => JSON.stringify(row)).join('\n')

test('the column of expected outputs is chosen once: an old answer never becomes ground truth where there is none', async () => {
  const { items, mapping } = await load(
    lines({ input: 1, expected: 'a', output: 'x' }, { input: 2, expected: null, output: 'Knock knock' }),
  )
  expect(items).toMatchObject([
    { input: 1, expectedOutput: 'a', metadata: { output: 'x' } },
    { input: 2, expectedOutput: null, metadata: { output: 'Knock knock' } },
  ])
  expect(mapping).toEqual({
    input: ['input'],
    expected: ['expected'],
    key: [],
    tags: [],
    metadata: ['output'],
    json: [],
  })
})

test('an export of a run is imported without taking its outputs for expected ones', async () => {
  const { items } = await load(
    lines({ input: 1, expectedOutput: null, output: 'x' }, { input: 2, expectedOutput: 'b', output: 'y' }),
  )
  expect(items.map(({ expectedOutput }) => expectedOutput)).toEqual([null, 'b'])
})

test('a column that would have been preferred is refused when rows before it had another one', async () => {
  expect(await refusal(lines({ input: 1, output: 'a' }, { input: 2, expected: 'b' }))).toMatch(
    /line 2, expected: expected only "output", which rows before have, .* got "expected" too/,
  )
  expect(await refusal(lines({ input: 1, id: 'a' }, { input: 2, key: 'b' }))).toContain(
    'line 2, key: expected only "id"',
  )
})

test.each(['target', 'ideal', 'answer', 'reference'])('%s is a usual name of expected outputs', async (name) => {
  const { items, mapping } = await load(lines({ input: 1, [name]: 'right', output: 'old' }))
  expect(items).toMatchObject([{ expectedOutput: 'right', metadata: { output: 'old' } }])
  expect(mapping.expected).toEqual([name])
})

test('a file without inputs names the option, and the column that probably has them', async () => {
  expect(await refusal('question,answer\n1,2\n')).toMatch(
    /line 1, input: expected this column, or another column as the input: assay import --input question, got only "question", "answer"/,
  )
  expect(await refusal(lines({ prompt: 'a' }))).toContain('assay import --input prompt')
  expect(await refusal(lines({ a: 1 }))).toContain('assay import --input <column>')
})

test('spaces before a quote do not make it part of the cell, also where the file is cut into pieces', async () => {
  const file = '"input", "expected"\n1, "a, b"\n  2,  x "y"\n3,   \n'
  for (const size of [undefined, 1, 3]) {
    const { items } = await load(file, {}, size)
    expect(items.map(({ input, expectedOutput }) => [input, expectedOutput])).toEqual([
      ['1', 'a, b'],
      ['  2', '  x "y"'],
      ['3', '   '],
    ])
  }
})

test('rows of delimiters only are no items', async () => {
  const { items } = await load('input,expected\na,b\n,\n  ,\t\nc,d\n')
  expect(items.map(({ input }) => input)).toEqual(['a', 'c'])
  expect((await load('input,expected\n"",\n')).items).toMatchObject([{ input: '' }])
})

test('a file of tabs stays one with a comma in its header, and a delimiter can be given', async () => {
  const tabs = 'input\tnote, long\nx\ty\n'
  for (const options of [{ format: declaredFormat({ name: 'a.tsv' }) }, {}]) {
    expect((await load(tabs, options)).items).toMatchObject([{ input: 'x', metadata: { 'note, long': 'y' } }])
  }
  expect(declaredFormat({ mediaType: 'text/tab-separated-values' })).toBe('tsv')
  expect((await load('input|n,m\nx|y\n', { delimiter: '|' })).items).toMatchObject([{ metadata: { 'n,m': 'y' } }])
  expect((await load('input;a,b;c\nx;y;z\n')).items).toMatchObject([{ input: 'x', metadata: { 'a,b': 'y', c: 'z' } }])
})

test.each([
  ['SQLite', Buffer.from('SQLite format 3\0rest of it'), 'a SQLite database'],
  ['Parquet', Buffer.from('PAR1\x15\x04\x15rest of it, binary'), 'a Parquet file'],
  [
    'old Excel',
    Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ...Array(20).fill(0)]),
    'Microsoft Office',
  ],
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, ...Array(20).fill(1)]), 'gzip: decompress it first'],
  ['XML', Buffer.from('<?xml version="1.0"?>\n<items/>\n'), 'XML or HTML'],
  ['HTML', Buffer.from('<!DOCTYPE html><html></html>'), 'XML or HTML'],
])('%s gets a sentence of its own', async (_name, file, got) => {
  expect(await refusal(file)).toContain(got)
})

test('JSON Lines and arrays under another name get a sentence of their own', async () => {
  const format = declaredFormat({ name: 'items.csv' })
  expect(await refusal(lines({ input: 1 }), { format })).toMatch(
    /expected CSV with a header, got what looks like JSON Lines/,
  )
  expect(await refusal('[{"input":1}]', { format })).toMatch(
    /expected CSV with a header, got what looks like a JSON array/,
  )
  expect(await refusal('[{"input":1}]', { format: 'jsonl' })).toMatch(
    /expected JSON Lines, got what looks like a JSON array/,
  )
  // A header may begin with a bracket.
  expect((await load('{id},input\n1,2\n', { format })).items).toMatchObject([{ input: '2', metadata: { '{id}': '1' } }])
})

test('a preview tells the same columns as the import', async () => {
  const file = lines({ input: 1, output: 'a', id: 'one' }, { input: 2, answer: 'b' })
  const { mapping } = await previewImport(t.services, t.scope, {
    ...{ dataset: 'columns/preview', source: bytes(file), format: null, mapping: {}, rows: 20 },
  })
  expect(mapping).toMatchObject({ input: ['input'], expected: ['output'], key: ['id'], metadata: ['answer'] })
  await expect(load(file)).rejects.toThrow('line 2, answer')
})

test('a message names the first columns of a file that has many', async () => {
  const names = Array.from({ length: 30_000 }, (_, n) => `column ${n}`)
  const message = await refusal(`${names.join()}\n${names.map(() => 1).join()}\n`)
  expect(message).toContain('only "column 0", "column 1", ')
  expect(message).toContain('"column 19" and 29,980 more')
  expect(message.length).toBeLessThan(1_000)
})
