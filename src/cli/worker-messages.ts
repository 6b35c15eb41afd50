/** What a server and the worker process beside it say to each other. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { RegisteredFunction } from '../domain/execution/functions.ts'
import type { LogLevel } from './log.ts'

/** How a worker works; `assay worker` takes the same from its command line. */
export interface WorkerSettings {
  /** Absolute path of the config file; null: there is none. */
  config: string | null
  /** Maximum concurrent calls. */
  slots: number
  /** Whether tasks may call non-public addresses. */
  allowPrivateEndpoints: boolean
  /** See the options of a process. */
  pooledDatabaseUrl?: string | null
  /** Memory of a process for functions in MB; default 1,024. */
  functionMemoryMb?: number
  /** The file of the key of stored secrets that the server has made; null: there is none. */
  secretKeyFile: string | null
}

export type ToWorker =
  /** First of all, once. */
  | { start: WorkerSettings & { databaseUrl: string; logLevel: LogLevel } }
  | { metrics: number }
  /** Drain and exit. */
  | { stop: true }

export type ProcessMetrics = MetricObjectWithValues<MetricValue<string>>[]

export type FromWorker =
  | { ready: { functions: RegisteredFunction[]; problem: string | null } }
  /** It cannot start, for a reason that users can mend. */
  | { failed: string }
  /** Milliseconds since it last asked for lanes. */
  | { fetchedAgoMs: number }
  | { metrics: ProcessMetrics; answers: number }
