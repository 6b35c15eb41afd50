/** Executes the examples of docs/client.md in their order, against one server. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeGlobalId } from '../../schema/relay/global-id.ts'
import { approveBaseline } from '../../src/engine/comparison/baselines.ts'
import { startModelServer } from '../helpers/model-server/model-server.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { root, spawnNode } from '../helpers/spawn-assay.ts'

const text = readFileSync(join(root, 'docs/client.md'), 'utf8')
const blocks = [...text.matchAll(/```ts( vitest)?\n(.*?)```/gs)].map(([, kind, code = '']) => ({ kind, code }))
const examples = blocks.filter(({ kind }) => kind === undefined)

let t: TestServer
/** In the project, so that its packages are found. */
let directory: string
beforeAll(async () => {
  t = await startTestServer()
  directory = await mkdtemp(join(root, 'test/docs/.client-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
  await t[Symbol.asyncDispose]()
})

const source = (name: string) => pathToFileURL(join(root, 'src/client', name)).href

/** As a user of the package has it, with the sources in its place. */
function program(code: string): string {
  return code
    .replaceAll("'assay/client'", `'${source('index.ts')}'`)
    .replaceAll("'assay/vitest'", `'${source('vitest.ts')}'`)
}

async function run(index: number, env: Record<string, string> = {}): Promise<string> {
  const file = join(directory, `example-${index}.ts`)
  await writeFile(file, program(examples[index]?.code ?? ''))
  const spawned = spawnNode([file], { env: { ASSAY_URL: t.url, ...env } })
  expect(await spawned.exited, spawned.stderr).toBe(0)
  return spawned.stdout
}

test('docs/client.md: the experiment prints what the page shows', async () => {
  const shown = /prints\n\n```text\n(.*?)```/s.exec(text)?.[1] ?? ''
  const general = (output: string) =>
    output.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replaceAll(/http:\S+\/runs\/\S+/g, 'URL')
  expect(general(await run(0))).toBe(general(shown))
})

test('docs/client.md: a dataset is made, read and run', async () => {
  expect(await run(1)).toMatch(/^fr France\nde Germany\nhttp:\S+\/runs\/\S+\n$/)
})

test('docs/client.md: scorers of autoevals and costs are recorded', async () => {
  expect(await run(2)).toMatch(/name: 'Levenshtein',\s+value: 1/)
})

test('docs/client.md: a run is compared and checked', async () => {
  const output = await run(3)
  expect(output).toContain('INCONCLUSIVE')
  expect(output).toMatch(/input: 'France'/)
  expect(output).toContain("status: 'PASSED'")
})

test('docs/client.md: a run is followed, and its items are read', async () => {
  const output = await run(4)
  expect(output).toContain('COMPLETED')
  expect(output).toContain('France Paris')
})

test('docs/client.md: a prompt is created, found by its label and used in a task', async () => {
  await using model = await startModelServer(({ prompt }) => ({ text: prompt.includes('France') ? 'Paris' : 'Bonn' }))
  const output = await run(5, { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: model.openai })
  expect(output).toContain('correct: 0.500 (n = 2)')
  expect(model.requests.map(({ prompt }) => prompt).sort()).toEqual([
    'What is the capital of France?',
    'What is the capital of Germany?',
  ])
})

test('docs/client.md: the shape of Langfuse runs', async () => {
  expect(await run(6)).toContain('mentions: 0.000')
  expect(examples).toHaveLength(7)
})

test('docs/client.md: a test that fails shows the verdict and the worst regressions', async () => {
  const { id } = await t.db.prisma.run.findFirstOrThrow({ where: { name: 'baseline' } })
  await approveBaseline(t.services, t.scope, id)
  const [example] = blocks.filter(({ kind }) => kind !== undefined)
  await writeFile(join(directory, 'capitals.test.ts'), program(example?.code ?? ''))
  const config = join(directory, 'vitest.config.ts')
  await writeFile(config, `export default { test: { include: ['capitals.test.ts'] } }`)
  const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', directory, '--config', config]
  const spawned = spawnNode(vitest, { env: { ASSAY_URL: t.url, NO_COLOR: '1' } })
  expect(await spawned.exited).toBe(1)
  const output = `${spawned.stdout}${spawned.stderr}`
  const shown = /Error: capitals.*?```/s.exec(text)?.[0] ?? ''
  const lines = shown.split('\n').filter((line) => line.trim() !== '' && !/…|```|2026/.test(line))
  expect(lines.length).toBeGreaterThan(6)
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const shownThere = (/```text\n( {2}✗ MIN_MEAN.*?)```/s.exec(readme)?.[1] ?? '').trimEnd().split('\n')
  expect(shownThere.length).toBeGreaterThan(6)
  for (const line of [...lines, ...shownThere]) expect(output).toContain(line)
  expect(output).toMatch(/Error: capitals by rules - \S+ does not pass its gate \(FAILED\)\./)
  expect(decodeGlobalId(/runs\/(\S+)/.exec(output)?.[1] ?? '').typename).toBe('Run')
})
