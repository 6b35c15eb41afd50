import { describe, expect, test } from 'vitest'
import { noDelta, type RunDelta } from '../../../src/db/sql/run/advance-run.ts'
import type { LockedRun } from '../../../src/db/sql/run/lock-run.ts'
import { defaultRunSettings } from '../../../src/domain/run.ts'
import { situation, statusAfter, takeFresh, transfer, waiting } from '../../../src/engine/execution/run-balance.ts'

/** A run of ten items, six of them claimed: two are running, one waits for another attempt, three are done. */
const run: LockedRun = {
  id: 'run',
  projectId: 'project',
  status: 'RUNNING',
  stopReason: null,
  stopMessage: null,
  seq: 100,
  nextOrdinal: 6,
  total: 10,
  queued: 5,
  running: 2,
  succeeded: 2,
  failed: 1,
  cancelled: 0,
  evaluatorCostSum: 0,
  costSum: 1,
  costCount: 3,
  costMax: 0.5,
  evaluationsQueued: 0,
  evaluationsRunning: 0,
  rescoring: null,
  runScored: false,
  priority: 0,
  settings: defaultRunSettings,
  remote: false,
  outputsRemoved: false,
  leases: ['1'],
}

const delta = (changes: Partial<RunDelta> = {}): RunDelta => ({ ...noDelta, status: 'RUNNING', ...changes })

test('the situation is the run with the delta applied, its most expensive call included', () => {
  const changes = { queued: -2, running: 1, succeeded: 1, costSum: 2, costCount: 1, costMax: 2 }
  expect(situation(run, delta(changes))).toEqual({
    total: 10,
    queued: 3,
    running: 3,
    succeeded: 3,
    failed: 1,
    evaluatorCostSum: 0,
    costSum: 3,
    costCount: 4,
    costMax: 2,
    evaluationsQueued: 0,
    evaluationsRunning: 0,
  })
  expect(situation(run, delta({ costMax: 0.1 })).costMax).toBe(0.5)
  expect(situation({ ...run, costMax: null }, delta()).costMax).toBeNull()
  expect(situation({ ...run, costMax: null }, delta({ costMax: 0 })).costMax).toBe(0)
})

test('items that change state take one position of the feed each, or the given number', () => {
  const one = delta()
  transfer(one, 2, 'queued', 'running')
  expect(one).toMatchObject({ queued: -2, running: 2, seq: 2 })
  transfer(one, 1, 'running', 'queued', run.total)
  expect(one).toMatchObject({ queued: -1, running: 1, seq: 12 })
})

test('fresh items are taken in the order of the schedule until it ends', () => {
  const one = delta()
  expect(waiting(run, one)).toBe(1)
  expect(takeFresh(run, one, '1', 3)).toEqual({ lease: '1', from: 6, count: 3 })
  expect(takeFresh(run, one, '2', 3)).toEqual({ lease: '2', from: 9, count: 1 })
  expect(takeFresh(run, one, '3', 3)).toMatchObject({ count: 0 })
  expect(one).toMatchObject({ nextOrdinal: 4, queued: -4, running: 4, seq: 0 })
  // Items that wait for another attempt are not in the schedule.
  expect(waiting(run, one)).toBe(1)
})

test('no fresh item is taken when the budget is used up', () => {
  const one = delta()
  expect(takeFresh(run, one, '1', 0)).toMatchObject({ count: 0 })
  expect(takeFresh(run, one, '1', -1)).toMatchObject({ count: 0 })
  expect(one).toEqual(delta())
})

describe('the status of a run', () => {
  test('is RUNNING while an item runs', () => {
    expect(statusAfter({ ...run, status: 'QUEUED' }, delta())).toBe('RUNNING')
  })
  test('stays the same when all open items are queued', () => {
    const requeued = delta({ running: -2, queued: 2 })
    expect(statusAfter(run, requeued)).toBe('RUNNING')
    expect(statusAfter({ ...run, status: 'QUEUED' }, requeued)).toBe('QUEUED')
  })
  test('is COMPLETED after the last item, or CANCELLED when some items were never executed', () => {
    const done = delta({ running: -2, queued: -5, succeeded: 7 })
    expect(statusAfter(run, done)).toBe('COMPLETED')
    expect(statusAfter({ ...run, cancelled: 3 }, done)).toBe('CANCELLED')
  })
})
