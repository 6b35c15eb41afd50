/** What can end an experiment early, or slow it down, while it is executed here. */
import { expect, test } from 'vitest'
import { Assay } from '../../src/client/index.ts'
import { EarlyStops } from '../../src/engine/comparison/early-stops.ts'
import { expireClients } from '../../src/engine/execution/client-lanes.ts'
import { Lab, name, numbers } from './lab.ts'

const lab = new Lab()

test('a run stops when its comparison with the baseline is decided, and its calls are aborted', async () => {
  const { services, feeds, comparisons } = lab.server
  const data = await lab.dataset(numbers(200))
  function right({ output, expectedOutput }: { output: unknown; expectedOutput?: unknown }) {
    return output === expectedOutput
  }
  const baseline = await data.runExperiment({ name: name(), task: () => -1, evaluators: [right] })
  const earlyStops = new EarlyStops(services, feeds.changes, comparisons.sequences)
  let executed = 0
  const aborted: unknown[] = []
  const result = await data.runExperiment({
    name: name(),
    maxConcurrency: 10,
    evaluators: [right],
    earlyStop: { score: 'right', baseline },
    task: ({ input }, { signal }) => {
      executed += 1
      // The others end only when they are aborted.
      if (executed <= 100) return input * 2
      return new Promise<number>((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(signal.reason)
          reject(signal.reason)
        })
      })
    },
  })
  await earlyStops.stop()
  const run = await lab.assay.runs.get(result.runId as string)
  expect([result.status, run.status, run.stopReason]).toEqual(['STOPPED', 'STOPPED', 'EARLY_DECISION'])
  expect(aborted.length).toBe(executed - 100)
  expect(result.itemResults).toHaveLength(200)
  const { succeeded, cancelled } = run.progress
  expect([succeeded, cancelled]).toEqual([100, 100])
  expect(result.itemResults.filter(({ status }) => status === 'CANCELLED')).toHaveLength(100)
  const comparison = await result.compareTo(baseline)
  // Decided for these items, which says nothing about others like them.
  expect(comparison.metric('right')?.verdict).toBe('INCONCLUSIVE')
})

test('limits of the function are kept: calls at once, and the pace of calls', async () => {
  const answers = async (limits: object, items: number) => {
    const input = { endpoint: 'client:limited', ...limits }
    await lab.server.query(
      'mutation($input: SetEndpointLimitInput!) { setEndpointLimit(input: $input) { __typename } }',
      { input },
    )
    let [active, most, lastAt] = [0, 0, 0]
    async function limited({ input }: { input: number }) {
      lastAt = performance.now()
      most = Math.max(most, ++active)
      await new Promise((resolve) => setImmediate(resolve))
      active -= 1
      return input
    }
    const begunAt = performance.now()
    const { itemResults } = await lab.assay.runExperiment({ name: name(), data: numbers(items), task: limited })
    expect(itemResults.map(({ output }) => output)).toEqual(numbers(items).map(({ input }) => input))
    return { most, tookMs: lastAt - begunAt }
  }
  expect((await answers({ concurrency: 3 }, 30)).most).toBeLessThanOrEqual(3)
  // 2,000 per minute are one every 30.5 ms.
  expect((await answers({ requestsPerMinute: 2_000 }, 15)).tookMs).toBeGreaterThan(14 * 30.5 - 30)
})

test('what waits for a slot when the lease is lost is claimed again, also by a claim that had to be repeated', async () => {
  const size = 3_000
  let claims = 0
  // From the fourth claim on, when most of the third waits for slots. Afterwards the claim is the first to pass again.
  let cut = false
  let claimsPass = false
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const assay = new Assay({
    url: lab.server.url,
    fetch: async (url, init) => {
      const claim = String(init?.body).includes('claimRunItems(')
      if (claim) claims += 1
      if (claims === 4) cut = true
      if (cut && !(claim && claimsPass)) throw new TypeError('cut')
      const response = await fetch(url, init)
      if (claim && claimsPass) {
        cut = false
        release()
      }
      return response
    },
  })
  const executed: number[] = []
  const experiment = assay.runExperiment({
    name: name(),
    data: numbers(size),
    maxConcurrency: 10,
    task: async ({ input }) => {
      executed.push(input)
      if (cut) await released
      return input
    },
  })
  await expect.poll(() => claims).toBeGreaterThan(4)
  await lab.server.db.pool.query("UPDATE run_lane SET expires_at = now() - interval '1 s'")
  await expireClients(lab.server.services)
  claimsPass = true
  const { status, itemResults } = await experiment
  expect(status).toBe('COMPLETED')
  expect(itemResults).toHaveLength(size)
  expect(executed.sort((a, b) => a - b)).toEqual(numbers(size).map(({ input }) => input))
})

test.each(['late', 'lost'])(
  'the next attempt of an item is made once, also when it is claimed while the answer that a failure was recorded is %s',
  async (answer) => {
    let release = () => {}
    const claimedAgain = new Promise<void>((resolve) => {
      release = resolve
    })
    let isRecorded = false
    let isClaimed = false
    const assay = new Assay({
      url: lab.server.url,
      fetch: async (url, init) => {
        // The claim that had the item has been taken in when another request follows.
        if (isClaimed) release()
        const body = String(init?.body)
        const response = await fetch(url, init)
        if (body.includes('recordRunItems(') && !isRecorded) {
          isRecorded = true
          await claimedAgain
          if (answer === 'lost') throw new TypeError('cut')
        }
        if (body.includes('claimRunItems(')) isClaimed = (await response.clone().text()).includes('"attempt":2')
        return response
      },
    })
    const attempts: number[] = []
    const { status, itemResults } = await assay.runExperiment({
      name: name(),
      data: numbers(1),
      task: ({ input }, { attempt }) => {
        attempts.push(attempt)
        if (attempt === 1) throw Object.assign(new Error('busy'), { retryable: true })
        return input
      },
    })
    expect(status).toBe('COMPLETED')
    expect(itemResults).toMatchObject([{ status: 'SUCCEEDED', output: 0, attempts: 2 }])
    expect(attempts).toEqual([1, 2])
  },
)
