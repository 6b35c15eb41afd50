import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Rates } from '../../../src/domain/limits/pacing.ts'
import { Pacer } from '../../../src/engine/limits/pacer.ts'
import { SteppingClock } from './clocks.ts'
import { answered, createProcesses, newEndpoint, type Processes, runUntil } from './processes.ts'

let t: Processes

beforeAll(async () => {
  t = await createProcesses()
})
afterAll(() => t[Symbol.asyncDispose]())

const log = pino({ level: 'silent' })
const requests = (requestsPerMinute: number): Rates => ({ requestsPerMinute, tokensPerMinute: null })
const tokens = (tokensPerMinute: number): Rates => ({ requestsPerMinute: null, tokensPerMinute })

function open(clock: SteppingClock, rates: Rates, onChange: () => void = () => {}) {
  const key = { projectId: t.projectId, endpoint: newEndpoint() }
  return { key, pacer: new Pacer({ db: t.db, key, log, clock, random: () => 0, onChange }, rates) }
}

const tokensAt = async (endpoint: string) =>
  (await t.db.prisma.endpointPace.findFirst({ where: { endpoint } }))?.tokensAt?.getTime() ?? 0

// 40 per minute: the next start time is too far ahead to be reserved, so the pacer tries again later.
test.each([60_000, 40].flatMap((perMinute) => [0, 1, 50, 300].map((step) => [perMinute, step] as const)))(
  'at %d requests per minute every call gets a start time, even if each read of the clock advances it by %d ms',
  async (perMinute, step) => {
    const clock = new SteppingClock(step)
    let waiting = perMinute > 1_000 ? 40 : 2
    const dispatch = () => {
      for (; waiting > 0; waiting -= 1) {
        const waitMs = pacer.waitMs(waiting, 0)
        if (waitMs > 0) return void (waitMs < Infinity && clock.after(waitMs, dispatch))
        expect(pacer.take()).toBeDefined()
      }
    }
    const { pacer } = open(clock, requests(perMinute), dispatch)
    dispatch()
    await runUntil(t.db, clock, () => waiting === 0)
  },
)

test('a failed reservation is retried after 500 ms', async () => {
  const clock = new SteppingClock(0)
  const { pacer } = open(clock, requests(6_000))
  await t.db.pool.query('ALTER TABLE endpoint_pace RENAME TO endpoint_pace_away')
  expect(pacer.waitMs(1, 0)).toBe(Infinity)
  await answered(t.db)
  expect(pacer.waitMs(1, 0)).toBe(500)
  await t.db.pool.query('ALTER TABLE endpoint_pace_away RENAME TO endpoint_pace')
  clock.skip(500)
  expect(pacer.waitMs(1, 0)).toBe(Infinity)
  await answered(t.db)
  expect(pacer.waitMs(1, 0)).toBe(0)
})

test('a start time expires after a second, and another one is reserved', async () => {
  const clock = new SteppingClock(0)
  const { pacer } = open(clock, requests(6_000))
  pacer.waitMs(1, 0)
  await answered(t.db)
  clock.skip(999)
  expect(pacer.waitMs(1, 0)).toBe(0)
  clock.skip(1)
  expect(pacer.waitMs(1, 0)).toBe(Infinity)
})

test('the first call shows how many tokens calls use before others start', async () => {
  const clock = new SteppingClock(0)
  const { pacer } = open(clock, tokens(60_000))
  pacer.waitMs(1, 0)
  await answered(t.db)
  expect(pacer.waitMs(2, 0)).toBe(0)
  const slot = pacer.take()
  expect(pacer.waitMs(1, 1)).toBe(Infinity)
  expect(clock.timers).toEqual([])
  pacer.settle(slot, 10)
  pacer.waitMs(1, 0)
  await answered(t.db)
  expect(pacer.waitMs(1, 0)).toBeLessThan(100)
})

test('used tokens are settled after 50 ms, together with those of other calls', async () => {
  const clock = new SteppingClock(0)
  const { pacer, key } = open(clock, tokens(61_000))
  const before = Date.now()
  pacer.settle(undefined, 3_000)
  pacer.settle(undefined, 4_000)
  expect(clock.timers).toEqual([50])
  await clock.next()
  await answered(t.db)
  expect(await tokensAt(key.endpoint)).toBeGreaterThan(before + 6_000)
  expect(clock.timers).toEqual([])
})

test('a failed settlement is retried, even if no further call ends', async () => {
  const clock = new SteppingClock(0)
  const { pacer, key } = open(clock, tokens(61_000))
  const before = Date.now()
  pacer.settle(undefined, 10_000)
  await t.db.pool.query('ALTER TABLE endpoint_pace RENAME TO endpoint_pace_away')
  await clock.next()
  await answered(t.db)
  await t.db.pool.query('ALTER TABLE endpoint_pace_away RENAME TO endpoint_pace')
  expect(clock.timers).toEqual([500])
  await clock.next()
  await answered(t.db)
  expect(await tokensAt(key.endpoint)).toBeGreaterThan(before + 9_000)
})

test('stopping settles at once and leaves no timer behind, whether the database answers or not', async () => {
  const clock = new SteppingClock(0)
  const { pacer, key } = open(clock, tokens(61_000))
  const before = Date.now()
  pacer.settle(undefined, 10_000)
  await pacer.stop()
  expect(await tokensAt(key.endpoint)).toBeGreaterThan(before + 9_000)
  expect(clock.timers).toEqual([])

  const other = open(clock, tokens(61_000))
  other.pacer.settle(undefined, 10_000)
  await t.db.pool.query('ALTER TABLE endpoint_pace RENAME TO endpoint_pace_away')
  await other.pacer.stop()
  await t.db.pool.query('ALTER TABLE endpoint_pace_away RENAME TO endpoint_pace')
  expect(clock.timers).toEqual([])
})
