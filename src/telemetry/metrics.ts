/**
 * Every instrument of a process, in a registry of its own. What happens often is counted where it happens, once per
 * batch; state (slots in use, lanes waiting) is read when scraped. What is read is declared here by its shape, so that
 * telemetry depends on nothing that it observes. docs/operations.md says what each instrument is for.
 */
import {
  AggregatorRegistry,
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client'
import { withDeadline } from '../domain/execution/deadline.ts'

/** Counts of the whole installation. */
export interface QueueDepth {
  /** Lanes without a worker. */
  lanes: number
  /** Queued items of unfinished runs. */
  items: number
  /** Unfinished runs. */
  runs: number
}

/** The counters of a connection pool, as pg has them. */
export interface PoolLoad {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
}

/** The processes for functions of a worker. */
export interface HostLoad {
  readonly size: number
  readonly calls: number
  readonly deaths: number
}

type ProcessMetrics = MetricObjectWithValues<MetricValue<string>>[]

export interface WorkerLoad {
  readonly load: { lanes: number; used: number; slots: number; items: number; unwritten: number }
  readonly limits: { states(): EndpointLoad[] }
}

/** An endpoint of one project, as seen by this process. */
interface EndpointLoad {
  endpoint: string
  inUse: number
  waiting: number
  pausedMs: number
}

/** Items that ended for good, by status. */
export interface FinishedCounts {
  succeeded: number
  failed: number
  cancelled: number
}

/** One transaction of a recorder. */
export interface Flush {
  seconds: number
  /** Results it wrote. */
  results: number
  /** How many of them are failed attempts that will be retried. */
  retries: number
  ended: FinishedCounts
}

const databaseTimeoutMs = 2_000
const maxEndpoints = 50
const milliseconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export class Metrics {
  readonly registry = new Registry()
  readonly #options = { registers: [this.registry] }

  readonly itemsFinished = new Counter({
    ...this.#options,
    name: 'assay_items_finished_total',
    help: 'Items that ended for good, as recorded by this process.',
    labelNames: ['status'],
  })
  readonly itemRetries = new Counter({
    ...this.#options,
    name: 'assay_item_retries_total',
    help: 'Failed attempts that will be retried.',
  })
  readonly flushSeconds = new Histogram({
    ...this.#options,
    name: 'assay_recorder_flush_seconds',
    help: 'Duration of the transactions that record results and claim items.',
    buckets: milliseconds,
  })
  readonly flushResults = new Histogram({
    ...this.#options,
    name: 'assay_recorder_flush_results',
    help: 'Results written by one transaction.',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500],
  })
  readonly flushFailures = new Counter({
    ...this.#options,
    name: 'assay_recorder_flush_failures_total',
    help: 'Failed transactions of the recorder, which are retried.',
  })
  readonly runsRepaired = new Counter({
    ...this.#options,
    name: 'assay_runs_repaired_total',
    help: 'Runs without progress that the reconciler repaired; should stay 0.',
  })
  readonly feedLagSeconds = new Histogram({
    ...this.#options,
    name: 'assay_feed_lag_seconds',
    help: 'Age of the newest item in a batch when a live subscriber receives it.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  })
  readonly operations = new Counter({
    ...this.#options,
    name: 'assay_graphql_operations_total',
    help: 'GraphQL operations over HTTP and WebSocket; a subscription counts once, when it starts.',
    labelNames: ['operation', 'type', 'outcome'],
  })
  readonly operationSeconds = new Histogram({
    ...this.#options,
    name: 'assay_graphql_operation_seconds',
    help: 'Execution time of GraphQL queries and mutations.',
    labelNames: ['operation', 'type'],
    buckets: milliseconds,
  })
  readonly requestSeconds = new Histogram({
    ...this.#options,
    name: 'assay_http_request_seconds',
    help: 'HTTP requests from their headers to the end of the response, except event streams.',
    labelNames: ['route', 'status'],
    buckets: milliseconds,
  })

  /** Processes beside this one, whose metrics are shown with it. */
  readonly #beside = new Map<string, () => Promise<ProcessMetrics | null>>()

  constructor() {
    // A status without items yet is 0, not missing.
    for (const status of ['succeeded', 'failed', 'cancelled']) this.itemsFinished.inc({ status }, 0)
  }

  /** Everything in the format of Prometheus. With a process beside this one, every value says of which it is. */
  async text(): Promise<string> {
    if (this.#beside.size === 0) return this.registry.metrics()
    const others = [...this.#beside].map(async ([name, read]) => labelled((await read()) ?? [], name))
    const own = labelled(await this.registry.getMetricsAsJSON(), 'server')
    return AggregatorRegistry.aggregate([own, ...(await Promise.all(others))]).metrics()
  }

  /** Shows the metrics of a process beside this one, a server, under the label `process`. */
  watchProcess(name: string, read: () => Promise<ProcessMetrics | null>): void {
    this.#beside.set(name, read)
  }

  /** Counts one transaction of a recorder. */
  flushed({ seconds, results, retries, ended }: Flush): void {
    this.flushSeconds.observe(seconds)
    this.ended(ended)
    if (results > 0) this.flushResults.observe(results)
    if (retries > 0) this.itemRetries.inc(retries)
  }

  /** Counts items that ended for good. */
  ended({ succeeded, failed, cancelled }: FinishedCounts): void {
    if (succeeded > 0) this.itemsFinished.inc({ status: 'succeeded' }, succeeded)
    if (failed > 0) this.itemsFinished.inc({ status: 'failed' }, failed)
    if (cancelled > 0) this.itemsFinished.inc({ status: 'cancelled' }, cancelled)
  }

  /**
   * Gauges of the whole installation. The depth is read once per scrape, within 2 s; while it cannot be read they have
   * no value.
   */
  watchQueue(readDepth: () => Promise<QueueDepth>): void {
    const signal = new AbortController().signal
    let reading: Promise<QueueDepth> | null = null
    const shared = () => {
      reading ??= withDeadline(readDepth, { timeoutMs: databaseTimeoutMs, signal }).finally(() => {
        reading = null
      })
      return reading
    }
    const depth = (name: string, help: string, of: (depth: QueueDepth) => number) =>
      this.#gauge(name, help, () => shared().then(of))
    depth('assay_lanes_waiting', 'Lanes waiting for a worker, in the whole installation.', ({ lanes }) => lanes)
    depth('assay_items_queued', 'Queued items of unfinished runs.', ({ items }) => items)
    depth('assay_runs_unfinished', 'Runs that are queued or running.', ({ runs }) => runs)
  }

  watchPool(pool: PoolLoad): void {
    this.#gauges('assay_database_connections', "Connections of this process's pool.", 'state', () => [
      ['used', pool.totalCount - pool.idleCount],
      ['idle', pool.idleCount],
      ['waited_for', pool.waitingCount],
    ])
  }

  watchWorker(worker: WorkerLoad): void {
    this.#gauge('assay_slots', 'Maximum concurrent calls of this process.', () => worker.load.slots)
    this.#gauge(
      'assay_slots_used',
      'Calls, with their evaluators, in progress in this process.',
      () => worker.load.used,
    )
    this.#gauge('assay_lanes_held', 'Lanes that this process is working on.', () => worker.load.lanes)
    this.#gauge('assay_items_in_flight', 'Items that this process has claimed and started.', () => worker.load.items)
    this.#gauge('assay_recorder_unwritten_results', 'Results waiting to be written.', () => worker.load.unwritten)

    const endpoints = (name: string, help: string, value: (state: EndpointLoad) => number) =>
      this.#gauges(name, help, 'endpoint', () => busiest(worker.limits.states(), value))
    endpoints('assay_endpoint_calls', 'Calls to an endpoint in flight in this process.', (state) => state.inUse)
    endpoints('assay_endpoint_waiting', "Items waiting for an endpoint's limits or pause.", (state) => state.waiting)
    endpoints(
      'assay_endpoint_paused_seconds',
      'Remaining time for which an endpoint asked not to be called.',
      (state) => state.pausedMs / 1_000,
    )
  }

  watchHosts(hosts: HostLoad): void {
    this.#gauge('assay_function_hosts', 'Processes that call functions of assay.config.ts.', () => hosts.size)
    this.#gauge('assay_function_calls', 'Calls of functions in progress.', () => hosts.calls)
    this.#gauge('assay_function_host_deaths', 'Processes for functions that have died.', () => hosts.deaths)
  }

  /** @param runs feeds of single runs @param comparisons feeds of comparisons */
  watchFeeds(runs: { readonly subscribers: number }, comparisons: { readonly subscribers: number }): void {
    this.#gauge(
      'assay_feed_subscribers',
      'Different subscriptions to runs that this process serves.',
      () => runs.subscribers,
    )
    this.#gauge(
      'assay_comparison_feed_subscribers',
      'Different subscriptions to comparisons that this process serves.',
      () => comparisons.subscribers,
    )
  }

  watchSubscriptions(server: { readonly subscriptions: number }): void {
    this.#gauge('assay_subscriptions', 'Subscriptions that this process serves.', () => server.subscriptions)
  }

  /** Read on every scrape; no value while it cannot be read. */
  #gauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      ...this.#options,
      name,
      help,
      async collect() {
        try {
          this.set(await read())
        } catch {
          this.remove()
        }
      },
    })
  }

  #gauges(name: string, help: string, label: string, read: () => Iterable<readonly [string, number]>): void {
    new Gauge({
      ...this.#options,
      name,
      help,
      labelNames: [label],
      collect() {
        this.reset()
        for (const [of, value] of read()) this.set({ [label]: of }, value)
      },
    })
  }
}

function labelled(metrics: ProcessMetrics, process: string): ProcessMetrics {
  return metrics.map((metric) => ({
    ...metric,
    values: metric.values.map((value) => ({ ...value, labels: { ...value.labels, process } })),
  }))
}

/**
 * A value by endpoint, over all projects. Users determine the number of endpoints, so the least busy ones are merged.
 */
function busiest(states: EndpointLoad[], value: (state: EndpointLoad) => number): Map<string, number> {
  states.sort((a, b) => b.waiting - a.waiting || b.inUse - a.inUse)
  const values = new Map<string, number>()
  for (const [index, state] of states.entries()) {
    const endpoint = index < maxEndpoints ? state.endpoint : 'other'
    values.set(endpoint, (values.get(endpoint) ?? 0) + value(state))
  }
  return values
}
