/** kill -9 of a worker in the middle of streamed answers: every item is recorded once, and watchers start over and go on. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RunChanges } from '../../src/db/run-changes.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { RunItemTexts, type TextEvent } from '../../src/feed/run-item-texts.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { auditRun, figure, spawnWorker } from '../helpers/fault-lab.ts'
import { startModelServer } from '../helpers/model-server/model-server.ts'
import { promptTask } from '../helpers/prompt-task.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const calls = 200
const watched = [0, 50, 199]
const answerTo = (prompt: string) =>
  `answer to ${prompt}: ${Array.from({ length: 20 }, (_, n) => `word${n}`).join(' ')}`

test(`${calls} streams that a kill cuts are called again, recorded once, and followed to their end`, async () => {
  const killed = Promise.withResolvers<void>()
  await using server = await startModelServer(({ prompt, attempt }) => {
    const text = answerTo(prompt)
    if (attempt === 1) return { text, pause: { after: 10, until: killed.promise } }
    return { text, partMs: 20 }
  })
  const address = { kind: 'OPENAI_COMPATIBLE', baseUrl: server.openai }
  await t.db.prisma.provider.create({ data: { projectId: t.scope.projectId, name: 'test', ...address } })
  const changes = new RunChanges(t.listener, t.db.pool)
  const texts = new RunItemTexts(t.db, t.listener, changes)

  const victim = await spawnWorker(t.db.url, calls)
  const inputs = Array.from({ length: calls }, (_, n) => `question ${n}`)
  const settings = { concurrency: calls, timeoutMs: 120_000 }
  const experimentId = await seedExperiment(t, await seedDataset(t, inputs), promptTask(), settings)
  const { id: runId } = await startRun(t.services, t.scope, { experimentId })

  const watchers = await Promise.all(
    watched.map(async (ordinal) => {
      const events: TextEvent[] = []
      const stream = await texts.subscribe(t.scope, { runId, ordinal }, AbortSignal.timeout(120_000))
      const ended = (async () => {
        let text = ''
        for await (const event of stream) {
          events.push(event)
          text = event.reset ? event.delta : text + event.delta
        }
        return text
      })()
      return { events, ended }
    }),
  )
  await expect.poll(() => server.open, { timeout: 60_000 }).toBe(calls)
  const hasText = ({ events }: { events: TextEvent[] }) => events.some(({ delta }) => delta.includes('word'))
  await expect.poll(() => watchers.every(hasText), { timeout: 30_000 }).toBe(true)

  victim.process.kill('SIGKILL')
  await victim.exited
  const killedAt = performance.now()
  killed.resolve()
  await spawnWorker(t.db.url, calls)
  const { items, run } = await followRun(t, runId)
  figure(`${calls} streams cut; ${((performance.now() - killedAt) / 1_000).toFixed(1)} s until all are answered`)

  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: calls, failed: 0 })
  expect(await auditRun(t, runId)).toMatchObject({ items: calls, succeeded: calls, leased: 0 })
  expect(new Set([...items.values()].map(({ output }) => output))).toEqual(new Set(inputs.map(answerTo)))
  expect(server.requests.length).toBe(2 * calls)
  for (const { events, ended } of watchers) {
    const text = await ended
    expect(inputs.map(answerTo)).toContain(text)
    expect(events.some(({ attempt, delta }) => attempt === 1 && delta.includes('word'))).toBe(true)
    expect(events.at(-1)).toMatchObject({ attempt: 2, done: true })
    expect(events.some(({ attempt, reset }) => attempt === 2 && reset)).toBe(true)
  }
  texts.stop()
  changes.stop()
})
