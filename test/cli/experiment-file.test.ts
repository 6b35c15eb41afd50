/** Experiments as files: what the schema says, and what is said about a file that it refuses. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readExperimentFile } from '../../src/cli/experiment/read-experiment-file.ts'
import { blocksOf } from '../helpers/documented.ts'
import { makeTemporary, root } from '../helpers/spawn-assay.ts'

async function read(name: string, text: string | Uint8Array) {
  const file = join(await makeTemporary(), name)
  await writeFile(file, text)
  return readExperimentFile(file).catch((error: Error) => error.message.replaceAll(file, name))
}

const valid = `name: capitals
dataset: { name: capitals, file: capitals.jsonl }
task:
  http:
    url: http://127.0.0.1:8080/answer
`

test('a file says what the inputs of the API say', async () => {
  expect(await read('capitals.yaml', valid)).toEqual({
    name: 'capitals',
    dataset: { name: 'capitals', file: 'capitals.jsonl' },
    task: { http: { url: 'http://127.0.0.1:8080/answer' } },
  })
  const merged = `${valid}metadata: { a: &a { b: 1, on: 2026-01-01 }, c: { <<: *a, b: 2 } }\n`
  expect(await read('merged.yaml', merged)).toMatchObject({ metadata: { c: { b: 2, on: '2026-01-01' } } })
  for (const example of blocksOf('docs/cli.md', 'yaml')) expect(await read('example.yml', example)).toBeTypeOf('object')
})

test('a program is checked as any other file, and says where it is wrong', async () => {
  const program = 'export default { name: "x" as string, dataset: "d", task: { module: { name: [1].map(String)[0] } } }'
  expect(await read('x.ts', program)).toEqual({ name: 'x', dataset: 'd', task: { module: { name: '1' } } })
  expect(await read('x.ts', program.replace('dataset', 'data'))).toContain('x.ts: data: expected one of $schema, name')
  const withMetadata = (value: string) => read('x.ts', program.replace('task:', `metadata: { of: ${value} }, task:`))
  expect(await withMetadata('new Date(0)')).toMatchObject({ metadata: { of: '1970-01-01T00:00:00.000Z' } })
  for (const value of ['5n', 'NaN', '() => 1', 'new Map()', '(() => { const a: any = {}; a.a = a; return a })()']) {
    expect(await withMetadata(value), value).toMatch(/^x\.ts: metadata\.of\S* is .*, which JSON cannot hold\.$/)
  }
  expect(await read('x.ts', 'export default () => 1')).toBe('x.ts: the value is a function, which JSON cannot hold.')
  expect(await read('x.ts', 'throw new Error("not today")\n')).toMatch(/^x\.ts:\d+: Error: not today/)
})

test.for([
  ['name: 5\ntask: { module: { name: x } }\ndataset: x\n', 'x.yaml:1: name: expected text, got 5.'],
  [
    valid.replace('    url:', '    uri:'),
    'x.yaml:4: task.http: expected url, which is missing.\nx.yaml:5: task.http.uri: expected one of ',
  ],
  [
    `${valid}  module: { name: x }\n`,
    'x.yaml:3: task: expected exactly one of client, echo, http, module, prompt, got http, module.',
  ],
  [`${valid}gate:\n  maxFailureRate: much\n`, 'x.yaml:7: gate.maxFailureRate: expected a number or null, got "much".'],
  [
    `${valid}settings:\n  concurrency: 1.5\n`,
    'x.yaml:7: settings.concurrency: expected a whole number or null, got 1.5.',
  ],
  [`${valid}gate:\n  - correct >= 0.9\n  - correct\n`, 'x.yaml:8: gate.1: expected such as "correct>=0.9"'],
  [`${valid}evaluators:\n  - name: a\n`, 'x.yaml:7: evaluators.0: expected definition, which is missing.'],
  [
    `${valid}baselin: x\n`,
    'x.yaml:6: baselin: expected one of $schema, name, description, metadata, dataset, task, evaluators, settings, subset, gate, baseline, got "baselin".',
  ],
  [
    `${valid}metadata: { id: 9007199254740993 }\n`,
    'x.yaml:6: expected a number that a double holds exactly, or the number as a text, got 9007199254740993.',
  ],
  ['name: a\nname: b\n', 'x.yaml:2: Map keys must be unique'],
  ['- 1\n', 'x.yaml: expected an object, got [1].'],
  [`${valid}metadata: &m { self: *m }\n`, 'x.yaml: metadata.self is part of itself (a cycle), which JSON cannot hold.'],
  [`${valid}metadata: { limit: .inf }\n`, 'x.yaml: metadata.limit is Infinity, which JSON cannot hold.'],
  [`${valid}metadata: { home: !env HOME }\n`, 'x.yaml:6: Unresolved tag: !env'],
  [`${valid}metadata: { set: !!set { a, b } }\n`, 'x.yaml: metadata.set is a '],
  ['name: "\\uD800"\n', 'x.yaml: name is text with a lone surrogate, which JSON cannot hold.'],
  [Buffer.from([0x6e, 0x3a, 0x20, 0xff]), 'x.yaml: expected text in UTF-8, got other bytes.'],
  ['', 'x.yaml: expected an object, got null.'],
] as const)('a wrong file is refused with the line and what was expected: %#', async ([text, message]) => {
  const said = await read('x.yaml', text)
  expect(said).toBeTypeOf('string')
  expect(said).toContain(message)
})

test('a file that is not there is named', async () => {
  await expect(readExperimentFile('nowhere.yaml')).rejects.toThrow('There is no file nowhere.yaml.')
})

test('the published schema has a description for whatever can be said', async () => {
  const schema = JSON.parse(await readFile(join(root, 'schema/experiment-file.json'), 'utf8'))
  const without: string[] = []
  const walk = (node: unknown, at: string) => {
    if (typeof node !== 'object' || node === null) return
    const { properties = {}, items, $defs = {} } = node as { properties?: object; items?: unknown; $defs?: object }
    for (const [name, value] of [...Object.entries(properties), ...Object.entries($defs)]) {
      if (!(value as { description?: string }).description) without.push(`${at}.${name}`)
      walk(value, `${at}.${name}`)
    }
    walk(items, `${at}[]`)
  }
  walk(schema, '')
  expect(without).toEqual([])
})
