import { pino } from 'pino'
import { afterAll, beforeAll, test } from 'vitest'
import type { EndpointSettings } from '../../../src/db/sql/endpoint/load-settings.ts'
import { Endpoint } from '../../../src/engine/limits/endpoint.ts'
import { SteppingClock } from './clocks.ts'
import { createProcesses, newEndpoint, ok, type Processes, runUntil } from './processes.ts'

let t: Processes

beforeAll(async () => {
  t = await createProcesses()
})
afterAll(() => t[Symbol.asyncDispose]())

const limits: Record<string, Partial<EndpointSettings>> = {
  'a pause': { pausedMs: 2_000 },
  'a limit of concurrency': { concurrency: 3 },
  'limits per minute': { requestsPerMinute: 60_000, tokensPerMinute: 6_000_000 },
  'all limits and a pause': { concurrency: 3, requestsPerMinute: 60_000, tokensPerMinute: 6_000_000, pausedMs: 2_000 },
}

test.each(Object.entries(limits).flatMap(([name, limit]) => [0, 1, 100].map((step) => [name, step, limit] as const)))(
  'with %s every call starts, even if each read of the clock advances it by %d ms',
  async (_name, step, { pausedMs = 0, ...limit }) => {
    const clock = new SteppingClock(step)
    const key = { projectId: t.projectId, endpoint: newEndpoint() }
    await t.setLimit(key.endpoint, Object.keys(limit).length > 0 ? limit : null)
    const log = pino({ level: 'silent' })
    // Not through EndpointLimits, whose poll would hide a missed wake-up.
    const endpoint = new Endpoint({ db: t.db, key, log, clock, random: () => 0.5 })
    const none = { concurrency: null, requestsPerMinute: null, tokensPerMinute: null }
    endpoint.configure({ ...none, ...limit, pausedMs })
    let begun = 0
    for (let call = 0; call < 40; call += 1) {
      void Promise.resolve(endpoint.acquire('run', new AbortController().signal)).then((permit) => {
        begun += 1
        // The call takes some time.
        clock.after(20, () => permit?.release({ ...ok, tokens: 10 }))
      })
    }
    await runUntil(t.db, clock, () => begun === 40)
    await endpoint.stop()
  },
)
