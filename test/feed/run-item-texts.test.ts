import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { Listener } from '../../src/db/listener.ts'
import { RunChanges } from '../../src/db/run-changes.ts'
import { cancelRun } from '../../src/engine/runs/cancel-run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { RunItemTexts, type TextEvent } from '../../src/feed/run-item-texts.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { type Answering, type ModelServer, startModelServer } from '../helpers/model-server/model-server.ts'
import { promptTask, seedProvider } from '../helpers/prompt-task.ts'

let t: TestEngine
let server: ModelServer
let answering: Answering
/** Two servers, neither of which is the worker's process. */
let servers: RunItemTexts[]
const stops: (() => unknown)[] = []

beforeAll(async () => {
  t = await createTestEngine()
  server = await startModelServer((request) => answering(request))
  await seedProvider(t, server.openai)
  await t.startWorker()
  servers = await Promise.all(
    [1, 2].map(async () => {
      const listener = await new Listener(t.db.url).start()
      const changes = new RunChanges(listener, t.db.pool)
      const texts = new RunItemTexts(t.db, listener, changes)
      stops.push(
        () => texts.stop(),
        () => changes.stop(),
        () => listener.close(),
      )
      return texts
    }),
  )
})
afterAll(async () => {
  for (const stop of stops) await stop()
  await t[Symbol.asyncDispose]()
  await server.stop()
})
beforeEach(() => {
  server.requests.length = 0
})

async function start(inputs: string[], settings = {}): Promise<string> {
  const experimentId = await seedExperiment(t, await seedDataset(t, inputs), promptTask(), settings)
  return (await startRun(t.services, t.scope, { experimentId })).id
}

/** What a client has in the end, and the events that it came in. */
async function watch(texts: RunItemTexts | undefined, runId: string, ordinal = 0) {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const events: TextEvent[] = []
  let text = ''
  const started = await texts?.subscribe(t.scope, { runId, ordinal }, controller.signal)
  const ended = (async () => {
    for await (const event of started ?? []) {
      events.push(event)
      text = event.reset ? event.delta : text + event.delta
    }
  })()
  return { events, ended, stop: () => controller.abort(), text: () => text }
}

const words = (count: number) => Array.from({ length: count }, (_, n) => `word${n}`).join(' ')

it('follows what a model writes, from any server, and comes late to what has accumulated', async () => {
  const answer = words(30)
  const bothWatch = Promise.withResolvers<void>()
  answering = () => ({ text: answer, partMs: 5, pause: { after: 15, until: bothWatch.promise } })
  const runId = await start(['a'])
  const [first, second] = servers
  const early = await watch(first, runId)
  await expect.poll(early.text).toContain('word14')
  const late = await watch(second, runId)
  await expect.poll(late.text).toContain('word14')
  bothWatch.resolve()
  await Promise.all([early.ended, late.ended])
  for (const { text, events } of [early, late]) {
    expect(text()).toBe(answer)
    expect(events[0]).toMatchObject({ reset: true })
    expect(events.at(-1)).toMatchObject({ done: true, attempt: 1 })
    expect(events.filter(({ reset }) => reset).length).toBeLessThanOrEqual(2)
  }
  expect(late.events[0]?.delta).toContain('word0')
  expect(late.events.some(({ reset, delta }) => !reset && delta.includes('word29'))).toBe(true)
})

it('starts over with the next attempt', async () => {
  const seen = Promise.withResolvers<void>()
  answering = ({ attempt }) =>
    attempt === 1
      ? { text: `wrong ${words(10)}`, pause: { after: 5, until: seen.promise }, cutAfter: 6 }
      : { text: 'right in the end', partMs: 30 }
  const runId = await start(['b'])
  const { events, ended, text } = await watch(servers[0], runId)
  await expect.poll(text).toContain('wrong')
  seen.resolve()
  await ended
  expect(text()).toBe('right in the end')
  expect(events.findLast(({ reset }) => reset)).toMatchObject({ attempt: 2 })
})

it('writes nothing for items that nobody watches', async () => {
  answering = () => ({ text: words(10), partMs: 20 })
  const runId = await start(['c', 'd', 'e'], { concurrency: 3 })
  const { ended } = await watch(servers[0], runId, 1)
  await ended
  await followRun(t, runId)
  const { rows } = await t.db.pool.query('SELECT ordinal FROM run_item_text WHERE run_id = $1', [runId])
  expect(rows).toEqual([{ ordinal: 1 }])
})

it('keeps characters whole that come in two parts', async () => {
  const face = '😀'
  answering = () => ({ text: `${face}${face}${face}${face}`, parts: 8, partMs: 60 })
  const runId = await start(['f'])
  const { ended, text, events } = await watch(servers[0], runId)
  await ended
  expect(text()).toBe(face.repeat(4))
  expect(events.map(({ delta }) => delta).join('')).not.toContain('\ufffd')
})

it('says that a finished item is done, without its text', async () => {
  answering = () => ({ text: 'over' })
  const runId = await start(['g'])
  await followRun(t, runId)
  const { ended, events } = await watch(servers[0], runId)
  await ended
  expect(events).toMatchObject([
    { item: { runId, ordinal: 0 }, attempt: 1, reset: true, delta: '', truncated: false, done: true },
  ])
})

it('is refused for an item of another project', async () => {
  const runId = await start(['h'])
  const scope = { projectId: '00000000-0000-4000-8000-000000000000' }
  const subscribed = servers[0]?.subscribe(scope, { runId, ordinal: 0 }, new AbortController().signal)
  await expect(subscribed).rejects.toThrow('no such item')
})

it('ends when its subscriber leaves', async () => {
  answering = () => ({ text: words(100), partMs: 1_000 })
  const runId = await start(['i'])
  const { ended, stop } = await watch(servers[0], runId)
  stop()
  await ended
  await cancelRun(t.services, t.scope, runId)
})
