import { expect, it } from 'vitest'
import { firstItem, lines, load, newName, refusal, useEngine } from './import-engine.ts'

useEngine()

it('finds the usual columns automatically, and keeps the rest as metadata', async () => {
  expect(
    await firstItem(
      lines({ id: 7, input: { q: 1 }, expected_output: ['x'], tags: 'a, b,,a', level: 'hard', metadata: { m: 1 } }),
    ),
  ).toEqual({
    key: '7',
    input: { q: 1 },
    expectedOutput: ['x'],
    tags: ['a', 'b'],
    metadata: { level: 'hard', m: 1 },
  })
  expect(await firstItem(lines({ input: null, output: 'o' }))).toEqual({
    key: null,
    input: null,
    expectedOutput: 'o',
    tags: [],
    metadata: null,
  })
  expect(await firstItem('key,input,expected,tags,metadata\nk,"[1]",,"[""a,b""]","{""m"":1}"\n')).toEqual({
    key: 'k',
    input: '[1]',
    expectedOutput: null,
    tags: ['a,b'],
    metadata: { m: 1 },
  })
})

it('maps columns by name and by dotted path, several as one object', async () => {
  const row = { q: { text: 'Q', lang: 'en' }, 'a.b': 'literal', answer: 1, row: [{ n: 5 }], extra: true }
  expect(await firstItem(lines(row), { input: ['q.text'], expected: ['answer'] })).toMatchObject({
    input: 'Q',
    expectedOutput: 1,
    metadata: { 'a.b': 'literal', row: [{ n: 5 }], extra: true },
  })
  const mapping = { input: ['q.text', 'a.b', 'row.0.n'], expected: [], key: ['answer'], metadata: [] }
  expect(await firstItem(lines(row), mapping)).toEqual({
    key: '1',
    input: { text: 'Q', b: 'literal', n: 5 },
    expectedOutput: null,
    tags: [],
    metadata: null,
  })
  expect(await firstItem(lines(row), { input: ['q'], metadata: ['extra'] })).toMatchObject({
    input: row.q,
    metadata: true,
  })
})

it('keeps CSV cells as strings unless they are declared as JSON', async () => {
  const csv = 'n,j,input\n007,"{""a"": 1}",\n'
  expect(await firstItem(csv, { json: ['j'], expected: ['j'] })).toMatchObject({
    input: '',
    expectedOutput: { a: 1 },
    metadata: { n: '007' },
  })
  expect((await refusal('input,j\n1,{a}\n', { mapping: { json: ['j'], expected: ['j'] } })).problems).toMatchObject([
    { line: 2, column: 'j' },
  ])
})

it('reports missing columns', async () => {
  const got = String.raw`only "the question", "right, answer", "\u001b"`
  const file = 'the question,"right, answer",\x1b\n1,2,3\n4,5,6\n'
  expect((await refusal(file, { mapping: { expected: ['anser'] } })).problems).toEqual([
    { line: 1, column: 'input', expected: expect.stringMatching(/^this column, or another/), got },
    { line: 1, column: 'anser', expected: 'this column', got },
  ])
  expect((await refusal(lines({ question: 1 }, { input: 2 }, {}))).problems).toMatchObject([
    { line: 1, column: 'input', got: 'none; the row has question' },
    { line: 3, column: 'input', got: 'none; the row has no columns' },
  ])
  expect(
    (await refusal(lines({ input: 1 }, { input: 2 }), { mapping: { expected: ['anser'] } })).problems,
  ).toMatchObject([{ line: null, column: 'anser' }])
  expect(
    (await refusal(lines({ input: 1, k: 'a' }, { input: 2 }), { mapping: { key: ['k'] } })).problems,
  ).toMatchObject([{ line: 2, column: 'k' }])
})

it.each([{ key: ['a', 'b'] }, { input: [] }, { input: ['a.x', 'b.x'] }])('refuses the mapping %j', async (mapping) => {
  await expect(load(newName(), lines({ input: 1 }), { mapping })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    path: [Object.keys(mapping)[0]],
  })
})
