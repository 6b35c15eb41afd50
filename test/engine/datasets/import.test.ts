import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createDataset, updateDataset } from '../../../src/engine/datasets/datasets.ts'
import { type ImportError, importItems } from '../../../src/engine/datasets/import.ts'
import { archiveDatasetItems } from '../../../src/engine/datasets/items.ts'
import { gsm8k } from '../../helpers/gsm8k.ts'
import { items, lines, load, newName, once, refusal, test, useEngine } from './import-engine.ts'

useEngine()

it('creates the dataset, and the same file again changes nothing', async () => {
  const dataset = newName()
  const file = lines({ input: 'a', expectedOutput: 1 }, { input: 'a', expectedOutput: 2 }, { key: 'k', input: 'b' })
  expect(await load(dataset, file)).toMatchObject({
    version: 1,
    rows: 3,
    added: 3,
    changed: 0,
    unchanged: 0,
    dataset: { name: dataset, itemCount: 3 },
  })
  expect(await load(dataset, file)).toMatchObject({ version: 1, rows: 3, added: 0, changed: 0, unchanged: 3 })
  expect(await test.db.prisma.datasetVersion.count({ where: { dataset: { name: dataset } } })).toBe(1)
})

it('adds items in file order, updates existing ones and leaves the others', async () => {
  const dataset = newName()
  const rows = Array.from({ length: 500 }, (_, n) => ({ input: { n }, expectedOutput: n }))
  await load(dataset, lines(...rows))
  expect((await items(dataset)).map((item) => item.expectedOutput)).toEqual(rows.map((row) => row.expectedOutput))
  const changed = await load(dataset, JSON.stringify([{ input: { n: 3 }, expectedOutput: 'three' }, { input: 'new' }]))
  expect(changed).toMatchObject({
    version: 2,
    rows: 2,
    added: 1,
    changed: 1,
    unchanged: 0,
    dataset: { itemCount: 501 },
  })
  expect((await items(dataset))[3]).toMatchObject({ expectedOutput: 'three', validFrom: 2 })
})

it('restores archived items', async () => {
  const dataset = newName()
  const file = lines({ key: 'a', input: 1 }, { key: 'b', input: 2 })
  const {
    dataset: { id: datasetId },
  } = await load(dataset, file)
  const [a] = await items(dataset)
  await archiveDatasetItems(test.services, test.scope, { datasetId, itemIds: [a?.itemId as string] })
  expect(await load(dataset, file)).toMatchObject({ version: 3, added: 1, unchanged: 1, dataset: { itemCount: 2 } })
  expect((await items(dataset))[0]).toMatchObject({ itemId: a?.itemId, validFrom: 3 })
})

it('stores characters that are special in COPY unchanged', async () => {
  const tricky = ['\\N', '\\.', 'a\tb\nc\r\\x41', '"', '{"x":"\\u0041\\\\u0000"}', '\u2028\u0001\u007f', 'é漢😀']
  const dataset = newName()
  await load(
    dataset,
    lines(...tricky.map((text, n) => ({ key: `${n}\\`, input: text, metadata: { [text]: text }, tags: [`{"${n}\\`] }))),
  )
  expect(await items(dataset)).toMatchObject(
    tricky.map((text, n) => ({ key: `${n}\\`, input: text, metadata: { [text]: text }, tags: [`{"${n}\\`] })),
  )
})

it('lists the first 20 invalid rows with their positions and stores nothing, not even the dataset', async () => {
  const rows = Array.from({ length: 60 }, (_, n) => (n % 2 ? '{"input":oops}' : `{"input":${n}}`))
  const error = await refusal(rows.join('\n'))
  expect(error).toMatchObject({ code: 'INVALID_INPUT', total: 30 })
  expect(error.problems).toHaveLength(20)
  expect(error.problems[19]).toEqual({ line: 40, column: 10, expected: 'a value', got: '"oops"' })
  expect(error.message).toContain('line 2, column 10: expected a value, got "oops"')
  expect(error.message).toMatch(/and 10 more$/)
})

it('leaves an existing dataset unchanged when a row is invalid', async () => {
  const dataset = newName()
  await load(dataset, lines({ key: 'a', input: 1 }))
  await expect(load(dataset, lines({ key: 'a', input: 2 }, 5))).rejects.toThrow('line 2')
  expect(await items(dataset)).toMatchObject([{ input: 1, validTo: null }])
})

it('names both lines of a duplicate key', async () => {
  const error = await refusal(
    lines({ key: 'x', input: 1 }, { key: 'y', input: 2 }, { key: 'x', input: 1 }, { key: 'x', input: 3 }),
  )
  expect(error.problems).toEqual([{ line: 3, column: 'key', expected: 'every key once', got: '"x", as on line 1' }])
  const oneLine = await refusal(
    JSON.stringify([
      { key: 'x', input: 1 },
      { key: 'x', input: 2 },
    ]),
  )
  expect(oneLine.problems).toMatchObject([{ line: 1, got: '"x", as on line 1' }])
  const many = await refusal(lines(...Array.from({ length: 60 }, (_, n) => ({ key: `k${n % 30}`, input: n }))))
  expect(many).toMatchObject({ total: 30, problems: { length: 20 } })
})

it.each(['', '\ufeff', '\n \n', '[]', 'input,expected\n'])('refuses the file %j, which has no rows', async (file) => {
  expect((await refusal(file)).problems).toEqual([
    { line: null, column: null, expected: 'at least one row', got: 'none' },
  ])
})

it('reports NUL characters, lone surrogates and too deep nesting by row', async () => {
  const deep = `{"input":${'['.repeat(501)}${']'.repeat(501)}}`
  const file = `{"input":"a\\u0000"}\n{"input":"\\\\u0000"}\n{"input":1,"metadata":{"\\ud800":1}}\n${deep}\n{"input":1,"key":"a\\u0000"}`
  expect((await refusal(file)).problems).toMatchObject([
    { line: 1, column: 'input', got: 'the character \\u0000' },
    { line: 3, column: 'metadata', got: 'the character \\ud800' },
    { line: 4, column: 'input', got: 'one nested deeper than 500 levels' },
    { line: 5, column: 'key' },
  ])
  expect((await refusal('input,b\nx\u0000,1\n')).problems).toMatchObject([{ line: 2, column: 'input' }])
})

it('refuses keys and tags of the wrong kind', async () => {
  const rows = lines(
    { input: 1, key: { a: 1 } },
    { input: 1, key: '' },
    { input: 1, tags: [1] },
    { input: 1, tags: { a: 1 } },
    { input: 1, key: 'x'.repeat(501) },
  )
  expect((await refusal(rows)).problems.map((problem) => [problem.line, problem.column])).toEqual([
    [1, 'key'],
    [2, 'key'],
    [3, 'tags'],
    [4, 'tags'],
    [5, 'key'],
  ])
})

it('validates rows against the schemas of the dataset, naming the position in the row', async () => {
  const name = newName()
  const inputSchema = { type: 'object', required: ['q'], properties: { q: { type: 'string', pattern: '^[a-z]+$' } } }
  const { id } = await createDataset(test.services, test.scope, { name, inputSchema })
  const file = lines({ input: { q: 'ok' } }, { input: { q: 'NO' } }, { input: {} })
  const error = (await load(name, file).catch((error: ImportError) => error)) as ImportError
  expect(error.problems).toEqual([
    {
      line: 2,
      column: 'input/q',
      expected: 'a value that fits its schema: it must match pattern "^[a-z]+$"',
      got: '"NO"',
    },
    {
      line: 3,
      column: 'input',
      expected: "a value that fits its schema: it must have required property 'q'",
      got: '{}',
    },
  ])
  await updateDataset(test.services, test.scope, { id, inputSchema: null })
  expect(await load(name, file)).toMatchObject({ added: 3 })
})

it('is refused when the schemas change while the file arrives', async () => {
  const name = newName()
  const { id } = await createDataset(test.services, test.scope, { name })
  async function* source() {
    yield Buffer.from(lines({ input: 1 }))
    await updateDataset(test.services, test.scope, { id, inputSchema: { type: 'string' } })
    yield Buffer.from(lines({ input: 2 }))
  }
  await expect(load(name, '', { source: source(), format: 'jsonl' })).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await items(name)).toEqual([])
})

it('stores nothing when the source fails, and releases its connection', async () => {
  const name = newName()
  async function* broken() {
    yield Buffer.from(lines(...Array.from({ length: 5_000 }, (_, n) => ({ input: n }))))
    throw new Error('the client went away')
  }
  for (let n = 0; n < 30; n++) {
    await expect(load(name, '', { source: broken() })).rejects.toThrow('the client went away')
  }
  expect(await test.db.prisma.dataset.findFirst({ where: { name } })).toBeNull()
  expect(await load(name, lines({ input: 1 }))).toMatchObject({ version: 1 })
})

it('runs three imports of a project at once, even into one dataset, and refuses a fourth', async () => {
  const name = newName()
  const gate = Promise.withResolvers<void>()
  const started: Promise<void>[] = []
  const slow = (n: number) => {
    const begun = Promise.withResolvers<void>()
    started.push(begun.promise)
    async function* source() {
      begun.resolve()
      await gate.promise
      yield Buffer.from(lines({ key: 'shared', input: n }, { key: `own ${n}`, input: n }))
    }
    return load(name, '', { source: source() })
  }
  const three = [1, 2, 3].map(slow)
  await Promise.all(started)
  await expect(load(newName(), lines({ input: 1 }))).rejects.toMatchObject({ code: 'LIMIT' })
  gate.resolve()
  const versions = (await Promise.all(three)).map((result) => result.version)
  expect(versions.toSorted()).toEqual([1, 2, 3])
  expect(await items(name)).toHaveLength(4)
})

it('requires write access', async () => {
  const reader = { ...test.scope, role: 'READ' as const }
  const input = { dataset: newName(), source: once(lines({ input: 1 })), format: null, mapping: {} }
  await expect(importItems(test.services, reader, input)).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

it('reports its progress, up to completion', async () => {
  const told: [number, number][] = []
  const file = lines({ input: 1 }, { input: 2 })
  await load(newName(), file, { onProgress: (rows, bytes) => told.push([rows, bytes]) })
  expect(told.at(-1)).toEqual([2, file.length])
})

it('imports the support tickets as they are', async () => {
  const dataset = newName()
  const file = readFileSync(new URL('../../../examples/support-tickets/tickets.jsonl', import.meta.url))
  const { rows } = await load(dataset, file, { format: 'jsonl' })
  const expected = file
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows).toBe(expected.length)
  expect(await items(dataset)).toMatchObject(expected)
})

it.skipIf(!gsm8k.present)(`imports GSM8K (${gsm8k.note})`, async () => {
  const dataset = newName()
  const mapping = { input: ['question'], expected: ['answer'] }
  expect(await load(dataset, readFileSync(gsm8k.questions), { mapping })).toMatchObject({ rows: 1319, added: 1319 })
  const [first] = await items(dataset)
  expect(first?.input).toContain('Janet\u2019s ducks')
  expect(first?.expectedOutput).toMatch(/#### 18$/)
  expect(await load(dataset, readFileSync(gsm8k.questions), { mapping })).toMatchObject({
    unchanged: 1319,
    version: 1,
  })
})
