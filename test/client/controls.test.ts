/** What can end an experiment early, or slow it down, while it is executed here. */
import { expect, test } from 'vitest'
import { EarlyStops } from '../../src/engine/comparison/early-stops.ts'
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
    const startedAt: number[] = []
    let [active, most] = [0, 0]
    async function limited({ input }: { input: number }) {
      startedAt.push(performance.now())
      most = Math.max(most, ++active)
      await new Promise((resolve) => setImmediate(resolve))
      active -= 1
      return input
    }
    const { itemResults } = await lab.assay.runExperiment({ name: name(), data: numbers(items), task: limited })
    expect(itemResults.map(({ output }) => output)).toEqual(numbers(items).map(({ input }) => input))
    return { most, tookMs: (startedAt.at(-1) ?? 0) - (startedAt[0] ?? 0) }
  }
  expect((await answers({ concurrency: 3 }, 30)).most).toBeLessThanOrEqual(3)
  // 2,000 per minute are one every 30.5 ms.
  expect((await answers({ requestsPerMinute: 2_000 }, 15)).tookMs).toBeGreaterThan(14 * 30.5 - 30)
})
