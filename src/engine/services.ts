import type { PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { Modules } from '../domain/modules.ts'
import type { HttpClient } from '../tasks/http-client.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Tracing } from '../telemetry/tracing.ts'

/** What every engine function works with; made once per process by the composition root. */
export interface Services {
  readonly db: Database
  readonly boss: PgBoss
  readonly modules: Modules
  /** What tasks call endpoints with; its address policy is this process's. */
  readonly http: HttpClient
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracing: Tracing
  /** Items of one run, repetitions included, at most; default 2,000,000. */
  readonly maxRunItems?: number
}
