import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCommand } from '../../src/cli/run.ts'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { seedDataset } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
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
    await runCommand().parseAsync([...args, '--no-wait', '--url', t.url], { from: 'user' })
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

test('a name that no experiment has is refused with similar ones', async () => {
  await expect(run('ticket')).rejects.toThrow(
    /^There is no experiment named "ticket", but ("tickets \d+", ){4}"tickets \d+"\. Names must match exactly\.$/,
  )
  await expect(run('nothing like it')).rejects.toThrow(/^There is no experiment named "nothing like it"\. Names/)
})
