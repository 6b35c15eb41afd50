import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PermitShare } from '../../../src/engine/limits/permit-share.ts'
import { recordStatements } from '../../helpers/statements.ts'
import { SteppingClock } from './clocks.ts'
import { answered, createProcesses, newEndpoint, type Processes, runUntil } from './processes.ts'

let t: Processes

beforeAll(async () => {
  t = await createProcesses()
})
afterAll(() => t[Symbol.asyncDispose]())

const log = pino({ level: 'silent' })

/** Shares of the same endpoint, each with a demand that the test controls. */
async function open(clock: SteppingClock, limit: number, count = 1) {
  const endpoint = newEndpoint()
  await t.setLimit(endpoint, { concurrency: limit })
  const shares = Array.from({ length: count }, () => {
    const demand = { inUse: 0, wanted: 0 }
    const key = { projectId: t.projectId, endpoint }
    const share = new PermitShare({ db: t.db, key, log, clock, demand: () => demand, onChange: () => {} }, limit)
    return Object.assign(share, { demand })
  })
  return { shares, grants: () => t.grants(endpoint) }
}

async function openOne(clock: SteppingClock, limit: number) {
  const { shares, grants } = await open(clock, limit)
  const [share] = shares
  if (!share) throw new Error('there is no share')
  return { share, grants }
}

test.each([0, 1, 50, 400])(
  'two processes get and release their permits, even if each read of the clock advances it by %d ms',
  async (step) => {
    const clock = new SteppingClock(step)
    const { shares, grants } = await open(clock, 5, 2)
    const want = (...wanted: number[]) => {
      for (const [index, share] of shares.entries()) {
        share.demand.wanted = wanted[index] ?? 0
        share.check()
      }
    }
    const permits = () => shares.map((share) => share.permits)
    want(5, 0)
    await runUntil(t.db, clock, () => permits()[0] === 5)
    want(5, 5)
    await runUntil(t.db, clock, () => Math.min(...permits()) >= 2)
    want(0, 0)
    await runUntil(t.db, clock, () => clock.timers.length === 0)
    expect(await grants()).toEqual([])
  },
)

test('permits are renewed while there is demand, and released 200 ms after it ends', async () => {
  const clock = new SteppingClock(0)
  const { share, grants } = await openOne(clock, 3)
  share.demand.wanted = 3
  share.check()
  await answered(t.db)
  expect(share.permits).toBe(3)
  expect(clock.timers).toEqual([3_000])
  await clock.next()
  await answered(t.db)
  expect(clock.timers).toEqual([3_000])

  share.demand.wanted = 0
  share.check()
  expect(clock.timers).toEqual([200])
  await clock.next()
  await answered(t.db)
  expect(await grants()).toEqual([])
  expect(clock.timers).toEqual([])
})

test('unrenewed permits are not used in the last second of their lease, and are retried every 500 ms', async () => {
  const clock = new SteppingClock(0)
  const { share } = await openOne(clock, 3)
  share.demand.wanted = 3
  share.check()
  await answered(t.db)
  await t.db.pool.query('ALTER TABLE endpoint_grant RENAME TO endpoint_grant_away')
  await clock.next()
  await answered(t.db)
  expect(clock.timers).toEqual([500])
  clock.skip(5_999)
  expect(share.permits).toBe(3)
  clock.skip(1)
  expect(share.permits).toBe(0)
  await t.db.pool.query('ALTER TABLE endpoint_grant_away RENAME TO endpoint_grant')
  await clock.next()
  await answered(t.db)
  expect(share.permits).toBe(3)
})

test('a notification during an exchange is followed by one more exchange', async () => {
  const { share } = await openOne(new SteppingClock(0), 2)
  share.demand.wanted = 2
  const [, statements] = await recordStatements(async () => {
    share.check()
    await setImmediate()
    share.notified('another process')
    share.notified('another process')
    await answered(t.db)
  })
  expect(statements.filter((statement) => statement === 'COMMIT')).toHaveLength(2)
})

test('stopping during an exchange releases all permits', async () => {
  const clock = new SteppingClock(0)
  const { share, grants } = await openOne(clock, 3)
  share.demand.wanted = 3
  share.check()
  await share.stop()
  expect(await grants()).toEqual([])
  expect(share.permits).toBe(0)
  share.check()
  await answered(t.db)
  expect(await grants()).toEqual([])
  expect(clock.timers).toEqual([])
})
