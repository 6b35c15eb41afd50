import type { PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { Replica } from '../db/replica.ts'
import type { Functions } from '../domain/execution/functions.ts'
import type { HttpClient } from '../tasks/http-client.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import type { SecretBox } from './secrets/secret-box.ts'

/** The dependencies of the engine's functions, created once per process by the composition root. */
export interface Services {
  readonly db: Database
  /** For reads of what has finished; default: there is none. */
  readonly replica?: Replica | null
  readonly boss: PgBoss
  /** Calls functions of assay.config.ts, for this process if it is a worker. */
  readonly functions: Functions
  /** For calls of endpoints by tasks, under this process's address policy. */
  readonly http: HttpClient
  /** For stored keys of providers; null: none can be stored. */
  readonly secrets: SecretBox | null
  /** Where keys of providers may be, by the names of their variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracing: Tracing
  /** Items of one run, repetitions included, at most; default 2,000,000. */
  readonly maxRunItems?: number
}
