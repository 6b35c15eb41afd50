/** Several processes, as far as limits are concerned, on one database. */
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
