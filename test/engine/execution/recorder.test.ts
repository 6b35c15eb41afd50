import { pino } from 'pino'
import { expect, test } from 'vitest'
import { nothingSpent } from '../../../src/domain/execution/task.ts'
import type { RunStatus } from '../../../src/domain/run.ts'
import type { Claim, ClaimRequest, UncertainClaim, Written } from '../../../src/engine/execution/claim.ts'
import {
  type ItemResult,
  isEvaluation,
  type LedgerResult,
  withoutResult,
} from '../../../src/engine/execution/item-result.ts'
import { Recorder } from '../../../src/engine/execution/recorder.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { leftByMb } from '../../helpers/old-generation.ts'

interface Batch {
  ordinals: (number | null)[]
  codes: (string | undefined)[]
  limits: number[]
  uncertain: UncertainClaim[]
}

/** A ledger whose transactions the test controls. */
class FakeLedger {
  readonly clock: FakeClock
  readonly batches: Batch[] = []
  readonly statuses: RunStatus[] = []
  givenUp = 0
  readonly recorder: Recorder
  /** Called with each batch; the batch fails when this throws. */
  decide: (batch: Batch) => void = () => {}
  /** Batches wait until it resolves. */
  gate: Promise<void> | null = null
  status: RunStatus = 'RUNNING'

  constructor(clock = new FakeClock()) {
    this.clock = clock
    this.recorder = new Recorder({
      runId: 'run',
      write: (...batch) => this.#write(...batch),
      log: pino({ level: 'silent' }),
      metrics: new Metrics(),
      onStatus: (status) => this.statuses.push(status),
      onGivenUp: () => {
        this.givenUp += 1
      },
      clock,
    })
  }

  get sizes(): number[] {
    return this.batches.map(({ ordinals }) => ordinals.length)
  }

  async #write(
    results: readonly LedgerResult[],
    requests: readonly ClaimRequest[],
    uncertain: readonly UncertainClaim[],
  ): Promise<Written> {
    const batch = {
      ordinals: results.map((result) => (isEvaluation(result) ? result.evaluation : result.item).ordinal),
      codes: results.map((result) => (isEvaluation(result) ? result.scores[0]?.error?.code : result.item.error?.code)),
      limits: requests.map(({ limit }) => limit),
      uncertain: [...uncertain],
    }
    this.batches.push(batch)
    await this.gate
    this.decide(batch)
    const answers = requests.map(({ lease }) => (lease === 'lost' ? null : claimOf(this.status)))
    return { status: this.status, answers, ended: { succeeded: results.length, failed: 0, cancelled: 0 } }
  }
}

function claimOf(status: RunStatus): Claim {
  return { items: [], evaluations: [], status, queued: 0, concurrency: 1, dueMs: null }
}

function succeeded(ordinal: number): ItemResult {
  return {
    item: { ...withoutResult({ ordinal, lease: '1', attempts: 1, excused: 0, ...nothingSpent }), status: 'SUCCEEDED' },
    spent: nothingSpent,
    hadCost: false,
    scores: [],
  }
}

const holding =
  (...items: number[]) =>
  () => ({ items, evaluations: [] })
const none = holding()

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)

function refusal(): Error {
  return Object.assign(new Error('invalid input'), { code: '22P05' })
}

function connectionLost(): Error {
  return Object.assign(new Error('terminated'), { code: '57P01' })
}

test('a result is flushed after 25 ms, or at once when there are a hundred', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  void recorder.record(succeeded(0))
  expect(clock.timers).toEqual([25])
  for (const ordinal of range(1, 99)) void recorder.record(succeeded(ordinal))
  expect(clock.timers).toEqual([25])
  void recorder.record(succeeded(99))
  expect(clock.timers).toEqual([0])
  await clock.next()
  expect(ledger.sizes).toEqual([100])
  expect(recorder.unwritten).toBe(0)
  expect(clock.timers).toEqual([])
})

test('a claim is flushed at once, together with the waiting results', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  void recorder.record(succeeded(0))
  const claims = [recorder.claim('1', 7, none), recorder.claim('lost', 3, none)]
  expect(clock.timers).toEqual([0])
  expect(await clock.until(Promise.all(claims))).toEqual([claimOf('RUNNING'), null])
  expect(ledger.batches).toEqual([{ ordinals: [0], codes: [undefined], limits: [7, 3], uncertain: [] }])
})

test('a claim is answered when all results that were handed over before it are written', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  for (const ordinal of range(0, 501)) void recorder.record(succeeded(ordinal))
  const claim = recorder.claim('1', 7, none)
  void recorder.record(succeeded(501))
  await clock.until(claim)
  expect(ledger.batches.map(({ ordinals, limits }) => [ordinals.length, limits])).toEqual([
    [500, []],
    [2, [7]],
  ])
})

test('requests during a transaction go into the next one, with at most 500 results', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  const gate = Promise.withResolvers<void>()
  ledger.gate = gate.promise
  void recorder.record(succeeded(0))
  await clock.next()
  for (const ordinal of range(1, 1_201)) void recorder.record(succeeded(ordinal))
  expect(ledger.sizes).toEqual([1])
  expect(recorder.unwritten).toBe(1_201)
  gate.resolve()
  ledger.gate = null
  await clock.until(recorder.flushed())
  expect(ledger.sizes).toEqual([1, 500, 500, 200])
  expect(recorder.unwritten).toBe(0)
})

test('flushed waits for the results that were recorded before it, and for no later ones', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  await recorder.flushed()
  void recorder.record(succeeded(0))
  const flushed = recorder.flushed()
  expect(clock.timers).toEqual([0])
  await clock.next()
  void recorder.record(succeeded(1))
  await flushed
  expect(ledger.batches.map(({ ordinals }) => ordinals)).toEqual([[0]])
  expect(clock.timers).toEqual([25])
})

test('lanes wait while two thousand results are unwritten', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  const gate = Promise.withResolvers<void>()
  ledger.gate = gate.promise
  void recorder.record(succeeded(0))
  await clock.next()
  let waited = false
  for (const ordinal of range(1, 2_000)) await recorder.record(succeeded(ordinal))
  const pressure = recorder.record(succeeded(2_000)).then(() => {
    waited = true
  })
  await clock.settle()
  expect(waited).toBe(false)
  gate.resolve()
  ledger.gate = null
  await clock.until(pressure)
  expect(ledger.sizes).toEqual([1, 500])
})

test('a batch that the database refuses is halved until the refused result is alone', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  ledger.decide = ({ ordinals, codes }) => {
    const bad = ordinals.indexOf(5)
    if (bad >= 0 && codes[bad] !== 'UNSTORABLE_RESULT') throw refusal()
  }
  for (const ordinal of range(0, 8)) void recorder.record(succeeded(ordinal))
  const claim = recorder.claim('1', 4, none)
  expect(await clock.until(claim)).toEqual(claimOf('RUNNING'))
  expect(ledger.batches.map(({ ordinals }) => ordinals)).toEqual([
    range(0, 8),
    range(0, 4),
    range(4, 8),
    [4, 5],
    [4],
    [5],
    [5],
    [6, 7],
  ])
  expect(ledger.batches.map(({ codes }) => codes).at(-2)).toEqual(['UNSTORABLE_RESULT'])
  // The claim is answered once, with the last part: an earlier answer would let the lane run ahead of the refused part.
  expect(ledger.batches.map(({ limits }) => limits.length)).toEqual([1, 0, 1, 0, 0, 0, 0, 1])
  expect(recorder.unwritten).toBe(0)
})

test('a single result that is too large for a statement fails with the reason', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  ledger.decide = ({ codes }) => {
    if (codes[0] === undefined) throw new RangeError('Invalid string length')
  }
  void recorder.record(succeeded(3))
  await clock.until(recorder.flushed())
  expect(ledger.batches.map(({ codes }) => codes)).toEqual([[undefined], ['UNSTORABLE_RESULT']])
})

test('a result that no statement can be made of fails alone, and the others are kept', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  ledger.decide = ({ ordinals, codes }) => {
    const bad = ordinals.indexOf(1)
    if (bad >= 0 && codes[bad] === undefined) throw new TypeError('value.toWellFormed is not a function')
  }
  for (const ordinal of range(0, 3)) void recorder.record(succeeded(ordinal))
  await clock.until(recorder.flushed())
  expect(ledger.batches.map(({ ordinals }) => ordinals)).toEqual([[0, 1, 2], [0], [1, 2], [1], [1], [2]])
  expect(ledger.batches.map(({ codes }) => codes).at(-2)).toEqual(['UNSTORABLE_RESULT'])
})

test('a failure that is not the database’s and does not pass ends in giving the leases back', async () => {
  const ledger = new FakeLedger(new FakeClock(() => 0))
  const { recorder, clock } = ledger
  ledger.decide = () => {
    throw new Error('no such statement')
  }
  void recorder.record(succeeded(0))
  const claim = recorder.claim('1', 4, none)
  expect(await clock.until(claim)).toBeNull()
  await recorder.flushed()
  expect(ledger.batches).toHaveLength(6)
  expect(ledger.givenUp).toBe(1)
  expect(await clock.until(recorder.claim('1', 4, none))).toBeNull()
  expect(clock.timers).toEqual([])
})

test('an unavailable database is retried with growing delays, and nothing is lost', async () => {
  const ledger = new FakeLedger(new FakeClock(() => 0))
  const { recorder, clock } = ledger
  ledger.decide = () => {
    if (ledger.batches.length <= 6) throw connectionLost()
  }
  void recorder.record(succeeded(0))
  await clock.next()
  const waits: number[] = []
  while (ledger.batches.length <= 6) {
    waits.push(...clock.timers)
    await clock.next()
  }
  expect(waits).toEqual([50, 100, 250, 500, 1_000, 1_000])
  expect(recorder.unwritten).toBe(0)
})

test('after a failure each claim names the items of its lane and the unwritten results', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  ledger.decide = () => {
    if (ledger.batches.length === 1) throw connectionLost()
  }
  const has = [1, 2]
  const claim = recorder.claim('1', 4, () => ({ items: has, evaluations: [] }))
  await clock.next()
  // One of them ends meanwhile: the recorder has its result, and it must not be requeued either.
  has.pop()
  void recorder.record(succeeded(2))
  await clock.until(claim)
  expect(ledger.batches.map(({ uncertain }) => uncertain)).toEqual([
    [],
    [{ lease: '1', known: { items: [1, 2], evaluations: [] } }],
  ])
})

test('a claim stays uncertain when its batch is refused after a failure', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  ledger.decide = ({ ordinals }) => {
    if (ledger.batches.length === 1) throw connectionLost()
    if (ordinals.length > 1) throw refusal()
  }
  void recorder.record(succeeded(0))
  void recorder.record(succeeded(1))
  await clock.until(recorder.claim('1', 4, holding(9)))
  expect(ledger.batches.map(({ ordinals, uncertain }) => [ordinals, uncertain.length])).toEqual([
    [[0, 1], 0],
    [[0, 1], 1],
    [[0], 0],
    [[1], 1],
  ])
})

test('an abandoned recorder stops retrying and answers every claim with null', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  ledger.decide = () => {
    throw connectionLost()
  }
  void recorder.record(succeeded(0))
  const claim = recorder.claim('1', 4, none)
  const flushed = recorder.flushed()
  await clock.next()
  recorder.abandon()
  expect(await clock.until(claim)).toBeNull()
  await clock.until(flushed)
  expect(ledger.batches).toHaveLength(1)
  expect(await clock.until(recorder.claim('1', 4, none))).toBeNull()
})

test('an abandoned recorder does not wait for a transaction that never ends', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  ledger.gate = new Promise(() => {})
  void recorder.record(succeeded(0))
  const claim = recorder.claim('1', 4, none)
  await clock.next()
  const flushed = recorder.flushed()
  recorder.abandon()
  expect(await clock.until(claim)).toBeNull()
  await clock.until(flushed)
  expect(ledger.batches).toHaveLength(1)
})

test('a batch that is written leaves nothing of its results behind', async () => {
  const left = await leftByMb(async () => {
    const ledger = new FakeLedger()
    for (let ordinal = 0; ordinal < 150; ordinal += 1) {
      const result = succeeded(ordinal)
      result.item.output = Buffer.alloc(100 * 1024, 'x').toString()
      void ledger.recorder.record(result)
      await ledger.clock.next()
    }
    expect(ledger.sizes.length).toBe(150)
  })
  expect(left).toBeLessThan(3)
})

test('the status of the run is reported after every transaction', async () => {
  const ledger = new FakeLedger()
  const { recorder, clock } = ledger
  await clock.until(recorder.claim('1', 1, none))
  ledger.status = 'STOPPED'
  void recorder.record(succeeded(0))
  await clock.until(recorder.flushed())
  expect(ledger.statuses).toEqual(['RUNNING', 'STOPPED'])
})
