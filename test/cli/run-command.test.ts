import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { statusOf } from '../../src/cli/cli-error.ts'
import { findRun } from '../../src/cli/find-run.ts'
import { GraphQLClient } from '../../src/cli/graphql-client.ts'
import { createProgram } from '../../src/cli/program.ts'
import { runCommand } from '../../src/cli/run.ts'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { setGate } from '../../src/engine/comparison/gates.ts'
import { seedDataset } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer

beforeAll(async () => {
  const tasks = [
    { name: 'any', run: () => 1 },
    {
      name: 'failing',
      run: () => {
        throw new Error('no')
      },
    },
  ]
  t = await startTestServer({ tasks }, { open: true })
  const datasetId = await seedDataset(t, [1])
  const { projectId } = t.scope
  const task = { kind: 'module', name: 'any' }
  const experiment = (name: string) => ({ projectId, datasetId, name, task, settings: { ...defaultRunSettings } })
  await t.db.prisma.experiment.create({ data: experiment('tickets') })
  await t.db.prisma.experiment.createMany({
    data: Array.from({ length: 150 }, (_, n) => experiment(`tickets ${n}`)),
  })
})
afterAll(() => t[Symbol.asyncDispose]())

/** What the command prints. */
async function run(...args: string[]): Promise<string> {
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    await runCommand().parseAsync([...args, '--no-watch', '--url', t.url], { from: 'user' })
    return printed.mock.calls.map(([text]) => text).join('')
  } finally {
    printed.mockRestore()
  }
}

test('an experiment is found by its name, however many newer ones have names that contain it', async () => {
  const id = (await run('tickets')).trim()
  const { data } = await t.query('query ($id: ID!) { node(id: $id) { ... on Run { experiment { name } } } }', { id })
  expect(data.node.experiment.name).toBe('tickets')
})

test('a run says where it comes from, unless that is not wanted', async () => {
  vi.stubEnv('GITHUB_ACTIONS', 'true')
  vi.stubEnv('GITHUB_SERVER_URL', 'https://github.com')
  vi.stubEnv('GITHUB_REPOSITORY', 'me/project')
  vi.stubEnv('GITHUB_RUN_ID', '7')
  vi.stubEnv('GITHUB_HEAD_REF', 'a-change')
  const metadataOf = async (id: string) =>
    (await t.query('query ($id: ID!) { run(id: $id) { metadata } }', { id: id.trim() })).data.run.metadata
  const said = await metadataOf(await run('tickets'))
  const silent = await metadataOf(await run('tickets', '--no-git'))
  vi.unstubAllEnvs()
  const ci = { name: 'GitHub Actions', url: 'https://github.com/me/project/actions/runs/7' }
  expect(said).toMatchObject({
    source: 'CI',
    ci,
    git: { commit: expect.stringMatching(/^[0-9a-f]{40}$/), branch: 'a-change' },
  })
  expect(silent).toBeNull()
})

test('a run is found by its exact name, whatever is in it and however many names contain it', async () => {
  const names = ['100%', '_', 'a\\b "c" | <d> é', '0']
  const ids: string[] = []
  for (const name of names) ids.push((await run('tickets', '--name', name)).trim())
  // Newer ones, of which each contains all names.
  await t.db.pool.query(
    `INSERT INTO run SELECT (jsonb_populate_record(r, jsonb_build_object(
       'id', gen_random_uuid(), 'name', $2 || n, 'created_at', now() + n * interval '1 s', 'idempotency_key', NULL))).*
     FROM run r, generate_series(1, 230) n WHERE r.id = $1`,
    [
      Buffer.from(ids[0] ?? '', 'base64url')
        .toString()
        .slice('Run:'.length),
      names.join(' '),
    ],
  )
  const client = new GraphQLClient(t.url)
  for (const [index, name] of names.entries()) expect((await findRun(client, name)).id, name).toBe(ids[index])
  await expect(findRun(client, '%')).rejects.toThrow(
    /^There is no run named "%", but ("100% .*", ){4}"100% .*"\. Expected/,
  )
  await expect(findRun(client, '100_')).rejects.toThrow('There is no run named "100_". Expected')
  expect((await findRun(client, `${t.url}/runs/${ids[1]}/?item=x`)).id).toBe(ids[1])
  for (const empty of ['', ' ']) await expect(findRun(client, empty)).rejects.toThrow(`Expected a run, got "${empty}".`)
  await client.close()
})

test('what is wrong with a run is said by its option, and a report that could not be written before the run', async () => {
  await expect(run('tickets', '--name', '')).rejects.toThrow('--name: expected a name of 1 to 200 characters')
  const runs = async () => (await t.query('{ runs { totalCount } }')).data.runs.totalCount
  const before = await runs()
  await expect(run('tickets', '--junit', 'no/such/folder/x.xml')).rejects.toThrow('Cannot write no/such/folder/x.xml')
  expect(await runs()).toBe(before)
})

test('a name that no experiment has is refused with similar ones', async () => {
  await expect(run('ticket')).rejects.toThrow(
    /^There is no experiment named "ticket", but ("tickets \d+", ){4}"tickets \d+"\. Names must match exactly\.$/,
  )
  await expect(run('nothing like it')).rejects.toThrow(/^There is no experiment named "nothing like it"\. Names/)
})

test.for([
  ['any', null, 0, null],
  ['failing', null, 1, null],
  [
    'any',
    { maxFailureRate: 0 },
    0,
    /gate PASSED\n {2}✓ The run is COMPLETED\.\n {2}✓ The share of failed items is 0; the limit is 0/,
  ],
  [
    'failing',
    { maxFailureRate: 0.5 },
    100,
    /gate FAILED\n {2}✓ .*\n {2}✗ The share of failed items is 1; the limit is 0\.5/,
  ],
] as const)('a run of the task %s with the gate %j exits with %i', async ([task, gate, status, printed]) => {
  await t.startWorker()
  const name = `${task} ${JSON.stringify(gate)}`
  const { projectId } = t.scope
  const data = { projectId, datasetId: await seedDataset(t, [1, 2]), name, task: { kind: 'module', name: task } }
  const settings = { ...defaultRunSettings, maxAttempts: 1 }
  const { id } = await t.db.prisma.experiment.create({ data: { ...data, settings } })
  await setGate(t.services, t.scope, id, gate)
  const [stdout, stderr] = ['stdout', 'stderr'].map((stream) =>
    vi.spyOn(process[stream as 'stdout'], 'write').mockReturnValue(true),
  )
  try {
    await runCommand().parseAsync([name, '--url', t.url], { from: 'user' })
    expect(process.exitCode).toBe(status)
    const output = stdout?.mock.calls.map(([text]) => text).join('')
    if (printed) expect(output).toMatch(printed)
    else expect(output).not.toContain('gate')
    expect(stderr?.mock.calls.map(([text]) => text).join('')).toContain(`${t.url}/runs/`)
  } finally {
    process.exitCode = undefined
    stdout?.mockRestore()
    stderr?.mockRestore()
  }
})

test.for([
  ['list', 'datasets', '--status', 'RUNNING'],
  ['list', 'evaluators', '--experiment', 'x'],
  ['show', '', '--url', 'http://127.0.0.1:9'],
  ['show', 'x', '--url', 'nonsense'],
  ['compare', ...Array.from({ length: 12 }, () => 'x'), '--url', 'http://127.0.0.1:9'],
])('an option or argument that would do nothing is wrong usage: %j', async (args) => {
  const error = await createProgram()
    .parseAsync(args, { from: 'user' })
    .catch((error: unknown) => error)
  expect(statusOf(error)).toBe(2)
})

test.for([['run'], ['run', 'x', '--nonsense'], ['nonsense'], ['list', '--data-dir', ''], ['import', 'x.jsonl']])(
  'wrong usage exits with 2: %j',
  (args) => {
    const main = join(import.meta.dirname, '../../src/cli/main.ts')
    expect(spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/error: |Name the dataset/),
    })
  },
)
