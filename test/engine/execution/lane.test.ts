import { pino } from 'pino'
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/domain/clock.ts'
import { defaultRunSettings } from '../../../src/domain/run.ts'
import { Lane } from '../../../src/engine/execution/lane.ts'
import type { RunPlan } from '../../../src/engine/execution/run-plan.ts'
import { Slots } from '../../../src/engine/execution/slots.ts'
import { noCall } from '../../../src/engine/limits/permit.ts'
import { noTracing } from '../../../src/telemetry/tracing.ts'

test('a lane asks again when its wait is over, however far the clock moves between two reads', async () => {
  let at = 0
  const plan = {
    runId: 'r',
    projectId: 'p',
    endpoint: 'e',
    settings: defaultRunSettings,
    task: async () => ({}),
    evaluators: [],
    cacheKey: null,
  } as unknown as RunPlan
  let claims = 0
  const lane = new Lane({
    plan,
    lease: '1',
    slots: 2,
    recorder: {
      claim: async () => {
        claims += 1
        return claims < 3
          ? { items: [], status: 'RUNNING', queued: 1, concurrency: 2, dueMs: 5 }
          : { items: [], status: 'COMPLETED', queued: 0, concurrency: 2, dueMs: null }
      },
      record: async () => {},
    },
    limits: { acquire: () => noCall },
    pool: new Slots(10),
    cached: async () => new Map(),
    tracing: noTracing,
    log: pino({ level: 'silent' }),
    clock: { ...systemClock, now: () => (at += 3) },
  })
  expect(await lane.run()).toBe('STOPPED')
  expect(claims).toBe(3)
}, 3000)
