/** Loads of data whose cost users decide: schemas, patterns, paths, texts, headers, sizes. */
import { again, ask, type Shape, times } from './client.ts'

const preview = 'mutation ($input: PreviewEvaluatorInput!) { previewEvaluator(input: $input) { __typename } }'
const previews =
  (places: number, builtin: object, output: unknown, expectedOutput: unknown = null): Shape =>
  (t) =>
    again(t, places, () => ask(t, preview, { input: { definition: { builtin }, output, expectedOutput } }))
const anyOf = (depth: number): object =>
  depth === 0 ? { type: 'string' } : { anyOf: Array.from({ length: 3 }, () => anyOf(depth - 1)) }
const tree = (depth: number): unknown => (depth === 0 ? 'x' : Array.from({ length: 4 }, () => tree(depth - 1)))

export const dataShapes: Record<string, Shape> = {
  'schemas that do not compile in time': (t) =>
    again(t, 4, (n) =>
      ask(t, 'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { __typename } }', {
        input: { name: `schema ${n}`, inputSchema: n % 2 === 0 ? anyOf(9) : { $ref: '#' } },
      }),
    ),
  'schemas that do not end in time': previews(
    4,
    {
      jsonSchema: {
        schema: {
          $defs: Object.fromEntries(
            Array.from({ length: 22 }, (_, n) => [
              `d${n}`,
              n === 0 ? { type: 'number' } : { anyOf: [{ $ref: `#/$defs/d${n - 1}` }, { $ref: `#/$defs/d${n - 1}` }] },
            ]),
          ),
          $ref: '#/$defs/d21',
        },
      },
    },
    'x',
  ),
  'unique items': previews(
    4,
    { jsonSchema: { schema: { type: 'array', uniqueItems: true } } },
    Array.from({ length: 30_000 }, (_, id) => ({ id })),
  ),
  'patterns that take long': previews(
    4,
    { regex: { pattern: '(?:[ab]?){900}(?:[ab]?){900}[cd]' } },
    'ab'.repeat(500_000),
  ),
  'paths that take long': previews(4, { exactMatch: { outputPath: '$..*..*..*..*..*' } }, tree(6)),
  'paths with filters': previews(4, { exactMatch: { outputPath: '$[?count($..*)>1]' } }, tree(6)),
  'distances of long texts': previews(4, { levenshtein: {} }, 'ab'.repeat(400_000), `c${'ab'.repeat(400_000)}`),
  'headers of 100,000 columns': (t) => {
    const body = `${Array.from({ length: 100_000 }, (_, n) => `column ${n}`).join()}\n${'1,'.repeat(99_999)}1\n`
    return again(t, 3, async (n) => {
      const headers = { 'content-type': 'text/csv', authorization: `Bearer ${t.key}` }
      const url = `${t.url}/import/columns${n}`
      await (await fetch(url, { method: 'POST', headers, body, signal: t.signal })).text()
    })
  },
  'runs of more items than may be': (t) =>
    again(t, 4, () =>
      ask(t, 'mutation ($input: StartRunInput!) { startRun(input: $input) { __typename } }', {
        input: { experimentId: t.experimentId, overrides: { repetitions: 1_000 } },
      }),
    ),
  'tasks that call metadata addresses': (t) =>
    again(t, 4, (n) =>
      ask(
        t,
        `mutation { ${times(5, (m) => `a${m}: createExperiment(input: { name: "m ${n} ${m}", datasetId: "x", task: { http: { url: "http://168.63.129.16/" } } }) { __typename }`)} }`,
      ),
    ),
}
