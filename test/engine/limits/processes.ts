/** Several processes, as far as limits are concerned, on one database; and an endpoint that counts who calls it. */
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { openDatabase } from '../../../src/db/client.ts'
import { Listener } from '../../../src/db/listener.ts'
import { EndpointLimits } from '../../../src/engine/limits/endpoint-limits.ts'
import type { CallOutcome } from '../../../src/engine/limits/permit.ts'
import { createTestDatabase } from '../../helpers/database.ts'

export interface Processes extends AsyncDisposable {
  db: ReturnType<typeof openDatabase>
  projectId: string
  /** One more process. Its connections are its own. */
  start(options?: { now?: () => number; random?: () => number }): Promise<EndpointLimits>
}

export async function createProcesses(): Promise<Processes> {
  const database = await createTestDatabase()
  const db = openDatabase(database.url)
  const { id: projectId } = await db.prisma.project.findFirstOrThrow()
  const stops: (() => Promise<void>)[] = []
  return {
    db,
    projectId,
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

/** Counts calls in flight over time. */
export class Gauge {
  #inFlight = 0
  #since = performance.now()
  #area = 0
  #start = performance.now()
  max = 0
  readonly starts: number[] = []

  get inFlight(): number {
    return this.#inFlight
  }

  /** Calls in flight on average, since the beginning or the last reset. */
  get mean(): number {
    this.#move(0)
    return this.#area / (this.#since - this.#start)
  }

  reset(): void {
    this.#move(0)
    this.#start = this.#since
    this.#area = 0
    this.max = this.#inFlight
  }

  async call(ms: number): Promise<void> {
    this.starts.push(performance.now())
    this.#move(1)
    await delay(ms)
    this.#move(-1)
  }

  #move(by: number): void {
    const now = performance.now()
    this.#area += this.#inFlight * (now - this.#since)
    this.#since = now
    this.#inFlight += by
    this.max = Math.max(this.max, this.#inFlight)
  }
}

/** Makes calls, `concurrency` at once, until it is told to stop; returns how many were made. */
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
