/** Simulates several processes on one database, each with limits of its own. */
import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { openDatabase } from '../../../src/db/client.ts'
import { channels, Listener } from '../../../src/db/listener.ts'
import type { Clock } from '../../../src/domain/clock.ts'
import { EndpointLimits } from '../../../src/engine/limits/endpoint-limits.ts'
import type { CallOutcome, Permit } from '../../../src/engine/limits/permit.ts'
import { createTestDatabase } from '../../helpers/database.ts'
import type { FakeClock } from '../../helpers/fake-clock.ts'

export interface Processes extends AsyncDisposable {
  db: ReturnType<typeof openDatabase>
  projectId: string
  /** Starts another process, with its own connections. */
  start(options?: { clock?: Clock; random?: () => number }): Promise<EndpointLimits>
  /** Replaces the limits of an endpoint; null removes them. */
  setLimit(endpoint: string, limit: Limit | null): Promise<void>
  /** The permits that processes hold of an endpoint's concurrency limit. */
  grants(endpoint: string): Promise<{ permits: number }[]>
  acquire(limits: EndpointLimits, endpoint: string, options?: { runId?: string; signal?: AbortSignal }): Acquired
  /** Requests `count` permits. @returns those granted so far */
  collect(limits: EndpointLimits, endpoint: string, count: number): Permit[]
}

export interface Limit {
  concurrency?: number | null
  requestsPerMinute?: number | null
  tokensPerMinute?: number | null
}

type Acquired = ReturnType<EndpointLimits['acquire']>

const never = new AbortController().signal

let endpoints = 0

/** The name of an endpoint that no test has called yet. */
export function newEndpoint(): string {
  endpoints += 1
  return `http://endpoint-${endpoints}`
}

export function stateOf(limits: EndpointLimits, endpoint: string) {
  return limits.states().find((state) => state.endpoint === endpoint)
}

export async function createProcesses(): Promise<Processes> {
  const database = await createTestDatabase()
  const db = openDatabase(database.url)
  const { id: projectId } = await db.prisma.project.findFirstOrThrow()
  const stops: (() => Promise<void>)[] = []
  const acquire: Processes['acquire'] = (limits, endpoint, { runId = 'run', signal = never } = {}) =>
    limits.acquire({ projectId, endpoint, runId }, signal)
  return {
    db,
    projectId,
    acquire,
    async setLimit(endpoint, limit) {
      await db.prisma.endpointLimit.deleteMany({ where: { projectId, endpoint } })
      if (limit) await db.prisma.endpointLimit.create({ data: { projectId, endpoint, ...limit } })
      await db.pool.query('SELECT pg_notify($1, $2)', [channels.endpoint, ''])
    },
    grants: (endpoint) => db.prisma.endpointGrant.findMany({ where: { endpoint } }),
    collect(limits, endpoint, count) {
      const permits: Permit[] = []
      for (let n = 0; n < count; n += 1) {
        void Promise.resolve(acquire(limits, endpoint)).then((permit) => permit && permits.push(permit))
      }
      return permits
    },
    async start(options = {}) {
      const own = openDatabase(database.url, { max: 4 })
      const listener = await new Listener(database.url).start()
      const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' })
      const limits = new EndpointLimits({ db: own, listener, log, ...options }).start()
      stops.push(async () => {
        await limits.stop()
        await listener.close()
        await own.close()
      })
      return limits
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(stops.map((stop) => stop()))
      await db.close()
      await database.drop()
    },
  }
}

export const ok: CallOutcome = { kind: 'OK', retryAfterMs: null, tokens: null }

/** Makes calls, `concurrency` at once, until it is stopped. @returns how many it made */
export async function callInLoop(
  limits: Pick<EndpointLimits, 'acquire'>,
  call: { projectId: string; endpoint: string; runId?: string; concurrency: number; signal: AbortSignal },
  work: () => Promise<CallOutcome>,
): Promise<number> {
  const { concurrency, signal, runId = 'run', projectId, endpoint } = call
  let made = 0
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (!signal.aborted) {
        const permit = await limits.acquire({ projectId, endpoint, runId }, signal)
        if (!permit) return
        made += 1
        permit.release(await work())
      }
    }),
  )
  return made
}

/** Waits until no query is in flight and all answers are processed. */
export async function answered({ pool }: Processes['db']): Promise<void> {
  do await setImmediate()
  while (pool.totalCount > pool.idleCount || pool.waitingCount > 0)
  await setImmediate()
}

/** Advances time, timer by timer, until `condition` holds. @throws when no timer is left before it does */
export async function runUntil(db: Processes['db'], clock: FakeClock, condition: () => boolean): Promise<void> {
  for (;;) {
    await answered(db)
    if (condition()) return
    await clock.next()
  }
}
