/** Files as rows: every format, every chunking, every kind of damage. */
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findJsonError } from '../../../src/domain/json/json-error.ts'
import { decodeText } from '../../../src/engine/datasets/decode-text.ts'
import { declaredFormat, type ImportFormat, readRows } from '../../../src/engine/datasets/import-format.ts'
import { type ImportError, type ImportProblem, Problems } from '../../../src/engine/datasets/import-problems.ts'
import { maxRowLength } from '../../../src/engine/datasets/source-row.ts'
import { threadClock } from '../../helpers/heavy-work.ts'

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(file: string | Uint8Array, format: ImportFormat | null = null, size = 7) {
  const problems = new Problems()
  const rows: { line: number; fields: unknown }[] = []
  const bytes = typeof file === 'string' ? Buffer.from(file) : file
  for await (const { line, fields } of readRows(decodeText(pieces(bytes, size), problems), format, problems)) {
    rows.push({ line, fields })
  }
  let found: readonly ImportProblem[] = []
  try {
    problems.throwIfAny()
  } catch (error) {
    found = (error as ImportError).problems
  }
  return { rows, problems: found, fields: rows.map((row) => row.fields), lines: rows.map((row) => row.line) }
}

const at = ({ line, column }: ImportProblem) => [line, column]

describe('encodings', () => {
  it('drops the byte order mark of UTF-8', async () => {
    expect((await read('\ufeff{"input":"ä"}\n')).fields).toEqual([{ input: 'ä' }])
    expect((await read('\ufeffinput\nä\n')).fields).toEqual([{ input: 'ä' }])
  })

  it('reads UTF-16 of either order with a byte order mark', async () => {
    const little = Buffer.from('\ufeffinput\tb\r\nä😀\tx\r\n', 'utf16le')
    const big = Buffer.from(little).swap16()
    for (const bytes of [little, big]) {
      for (const size of [1, 3, 1000]) {
        expect((await read(bytes, null, size)).fields).toEqual([{ input: 'ä😀', b: 'x' }])
      }
    }
  })

  it('refuses UTF-16 without a byte order mark, gzip and spreadsheets by name', async () => {
    expect((await read(Buffer.from('{"input":1}', 'utf16le'))).problems[0]?.got).toContain('UTF-16')
    expect((await read(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]))).problems[0]?.got).toContain('gzip')
    expect((await read(Buffer.from('PK\u0003\u0004abc'))).problems[0]?.got).toContain('spreadsheet')
  })

  it('reports line, column and byte of invalid UTF-8, on every such line', async () => {
    const latin1 = Buffer.from('{"input":"a"}\n{"input":"ü\u00e9"}\n{"input":"b"}\n{"input":"é"}\n', 'latin1')
    for (const size of [1, 5, 1000]) {
      const { problems } = await read(latin1, null, size)
      expect(problems.map(at)).toEqual([
        [2, 11],
        [4, 11],
      ])
      expect(problems[0]?.got).toContain('the byte 0xFC')
    }
  })

  it('keeps characters that a chunk boundary splits, and genuine replacement characters', async () => {
    const text = '{"input":"\ufffd ä 漢 😀"}\n'.repeat(3)
    for (let size = 1; size < 12; size++) {
      const { fields, problems } = await read(text, 'jsonl', size)
      expect(problems).toEqual([])
      expect(fields).toEqual(Array(3).fill({ input: '\ufffd ä 漢 😀' }))
    }
  })
})

describe('JSON Lines', () => {
  it('accepts LF and CRLF, skips blank lines and needs no final line break', async () => {
    const { fields, lines } = await read('{"input":1}\r\n\r\n  \n{"input":2}\n{"input":3}')
    expect(fields).toEqual([{ input: 1 }, { input: 2 }, { input: 3 }])
    expect(lines).toEqual([1, 4, 5])
  })

  it('reports line, column, and what was expected and found, of every invalid line', async () => {
    const { problems } = await read('{"input":1}\n{"input":}\n[1]\n{"input":"a}\n"text"\n{"a":1} x\n', 'jsonl')
    expect(problems).toEqual([
      { line: 2, column: 10, expected: 'a value', got: '"}"' },
      { line: 3, column: 1, expected: expect.stringContaining('an object'), got: '[1]' },
      { line: 4, column: 13, expected: 'the closing quote of a string', got: 'the end' },
      { line: 5, column: 1, expected: expect.stringContaining('an object'), got: '"text"' },
      { line: 6, column: 9, expected: 'nothing more', got: '"x"' },
    ])
  })

  it('reports numbers that would be rounded', async () => {
    const { problems, fields } = await read(
      '{"id":9007199254740993}\n{"id":1e400}\n{"id":12345678901234567168, "x": 0.12345678901234568}\n{"a":[{"b":0.1234567890123456789}]}\n',
    )
    expect(problems.map((problem) => problem.got)).toEqual(['9007199254740993', '1e400', '0.1234567890123456789'])
    expect(problems.map(at)).toEqual([
      [1, 7],
      [2, 7],
      [4, 12],
    ])
    expect(problems[2]?.expected).toMatch(/^in a\.0\.b a number/)
    expect(fields).toEqual([{ id: Number('12345678901234567168'), x: 0.12345678901234568 }])
  })

  it('reports a row that is too large without keeping it, and reads on', async () => {
    const { problems, fields } = await read(`{"input":"${'x'.repeat(maxRowLength)}"}\n{"input":1}\n`, 'jsonl', 100_000)
    expect(problems).toEqual([
      { line: 1, column: null, expected: expect.stringContaining('4 million'), got: 'a larger one' },
    ])
    expect(fields).toEqual([{ input: 1 }])
  })
})

describe('JSON arrays', () => {
  it('reads an array with any layout and chunking', async () => {
    const rows = [{ input: 'a,"]}[{\\', n: [1, { b: '\u2028' }] }, { input: 2 }, { input: null }]
    for (const text of [
      JSON.stringify(rows),
      JSON.stringify(rows, null, 2),
      ` \n${JSON.stringify(rows, null, '\t')}\r\n `,
    ]) {
      for (const size of [1, 2, 3, 10, 1000]) expect((await read(text, null, size)).fields).toEqual(rows)
    }
  })

  it('reports the position of an invalid element, and continues after it', async () => {
    const { problems, lines } = await read(
      '[\n  {"input": 1},\n  {"input": x},\n  {"a": [1}],\n  {"input": 2},\n  3\n]',
    )
    expect(problems.map(at)).toEqual([
      [3, 13],
      [4, 11],
      [6, 3],
    ])
    expect(problems[1]).toMatchObject({ expected: '"," or "]"', got: '"}"' })
    expect(lines).toEqual([2, 5])
  })

  it('reports the position of a missing quote', async () => {
    const { problems } = await read('[\n{"input": "a},\n{"input": 2}\n]')
    expect(problems[0]).toMatchObject({ line: 2, column: 15, expected: 'an escape such as \\n' })
  })

  it('reports missing and superfluous brackets and commas', async () => {
    expect((await read('[{"a":1}')).problems).toMatchObject([{ line: 1, column: 8, got: 'the end of the file' }])
    expect((await read('[{"a":1')).problems).toMatchObject([
      { line: 1, column: 8, expected: '"," or "}"', got: 'the end' },
    ])
    expect((await read('[{"a":1},]')).problems).toMatchObject([{ line: 1, column: 10, got: '"]"' }])
    expect((await read('[,{"a":1}]')).problems).toMatchObject([{ line: 1, column: 2, got: '","' }])
    expect((await read('[{"a":1}] x')).problems).toMatchObject([
      { line: 1, column: 11, expected: 'nothing after the array' },
    ])
    expect((await read('{"a":1}', 'json')).problems).toMatchObject([
      { line: 1, column: 1, expected: expect.stringContaining('"["') },
    ])
  })

  it('finds the first error of any broken JSON, and none in JSON', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 4 }),
        fc.nat(),
        fc.constantFrom('"', '}', ']', ',', ':', 'x', '\\', '\n', '0'),
        (json, place, insert) => {
          expect(findJsonError(json)).toBeNull()
          const cut = place % (json.length + 1)
          for (const broken of [json.slice(0, cut), json.slice(0, cut) + insert + json.slice(cut)]) {
            let parses = true
            try {
              JSON.parse(broken)
            } catch {
              parses = false
            }
            expect(findJsonError(broken) === null).toBe(parses)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('handles nesting of any depth', () => {
    expect(findJsonError('['.repeat(1_000_000))).toMatchObject({ offset: 1_000_000, got: 'the end' })
  })
})

describe('CSV', () => {
  it('reads quoted line breaks, doubled quotes and any line ending', async () => {
    const text = 'input,b\r\n"line 1\r\nline 2","say ""hi"""\n\n5" pipe,\rx,"a,b"'
    for (let size = 1; size < 12; size++) {
      const { fields, lines, problems } = await read(text, 'csv', size)
      expect(problems).toEqual([])
      expect(fields).toEqual([
        { input: 'line 1\r\nline 2', b: 'say "hi"' },
        { input: '5" pipe', b: '' },
        { input: 'x', b: 'a,b' },
      ])
      expect(lines).toEqual([2, 5, 6])
    }
  })

  it('reads what csv-parse reads', async () => {
    const cell = fc.oneof(
      fc.stringMatching(/^[a-z ;\t]{0,5}$/),
      fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', 'ä', '😀'), maxLength: 6 }),
    )
    const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
    const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 20 }),
        async (rows, newline, size) => {
          const text = ['a,b,c', ...rows.map((row) => row.map(quoted).join(','))].join(newline)
          const all: Record<string, string>[] = parse(text, { columns: true, recordDelimiter: newline })
          // Lines of nothing but delimiters and spaces are skipped, unless a cell is quoted.
          const isBlank = (row: string[]) => row.every((cell) => cell.trim() === '' && quoted(cell) === cell)
          const expected = all.filter((_, index) => !isBlank(rows[index] ?? []))
          expect((await read(text, 'csv', size)).fields).toEqual(expected)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('detects semicolons and tabs as delimiters', async () => {
    expect((await read('input;b\n"x;y";2\n')).fields).toEqual([{ input: 'x;y', b: '2' }])
    expect((await read('input\t"b;c"\nx\t2\n')).fields).toEqual([{ input: 'x', 'b;c': '2' }])
  })

  it('reports ragged rows, invalid quotes and duplicate column names with their position', async () => {
    const { problems, fields } = await read('a,b\n1,2,3\n1\n"x"y,2\n3,4\n5,"open\n6,7\n')
    expect(problems).toEqual([
      { line: 2, column: null, expected: '2 cells as in the header ("a", "b")', got: '3' },
      { line: 3, column: null, expected: '2 cells as in the header ("a", "b")', got: '1' },
      { line: 4, column: 4, expected: '"," or the end of the line after a closing quote', got: '"y"' },
      { line: 6, column: 3, expected: 'a closing quote for this one', got: 'the end of the file' },
    ])
    expect(fields).toEqual([{ a: '3', b: '4' }])
    expect((await read('a,b,a\n1,2,3\n')).problems).toMatchObject([{ line: 1, column: 'a' }])
  })

  it('names unnamed columns, and never touches prototypes', async () => {
    const { fields } = await read(',__proto__\n0,x\n')
    expect(Object.entries(fields[0] as object)).toEqual([
      ['column_1', '0'],
      ['__proto__', 'x'],
    ])
  })

  it('reports a row that is too large without keeping it, and reads on', async () => {
    const large = `"${'x\n'.repeat(maxRowLength / 2)}",2`
    const { problems, fields } = await read(`a,b\n${large}\n${','.repeat(maxRowLength + 2)}\n1,2\n`, 'csv', 100_000)
    expect(problems.map((problem) => problem.got)).toEqual(['a larger one', 'a larger one'])
    expect(problems[0]?.line).toBe(2)
    expect(fields).toEqual([{ a: '1', b: '2' }])
  })
})

it('detects the format by extension and media type, and ambiguous ones by content', () => {
  expect(declaredFormat({ name: 'A.JSONL' })).toBe('jsonl')
  expect(declaredFormat({ name: 'x.tsv' })).toBe('tsv')
  expect(declaredFormat({ name: 'x.json' })).toBeNull()
  expect(declaredFormat({ mediaType: 'text/csv; charset=utf-8' })).toBe('csv')
  expect(declaredFormat({ mediaType: 'application/json' })).toBeNull()
})

it('returns no rows for an empty file', async () => {
  for (const empty of ['', '\ufeff', ' \n\n ', '[]', ' [ ] ', 'input,b\n']) {
    expect(await read(empty)).toMatchObject({ rows: [], problems: [] })
  }
})

it('reads a CSV header of any length in linear time, and finds the name that occurs twice', async () => {
  const names = Array.from({ length: 100_000 }, (_, n) => `c${n}`)
  const row = names.map((_, n) => (n === 0 ? 'x' : '')).join(',')
  const worked = threadClock()
  const { fields, problems } = await read(`${names.join(',')}\n${row}\n1,2\n`, null, 64 * 1024)
  expect(fields).toHaveLength(1)
  expect(problems).toMatchObject([
    { expected: expect.stringMatching(/^100000 cells as in the header \("c0", .{1,250} and 99,980 more\)$/) },
  ])
  const twice = await read(`${names.join(',')},c99998\n${row},\n`, null, 64 * 1024)
  expect(twice.problems).toMatchObject([{ column: 'c99998', got: 'it twice' }])
  expect(worked()).toBeLessThan(100)
})
