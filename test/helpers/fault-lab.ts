/** The equipment of the fault tests: a database, an endpoint and processes to kill. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HttpTaskSpec } from '../../src/domain/execution/http-task.ts'
import type { RunSettings } from '../../src/domain/run.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import type { EndpointCall } from './endpoint.ts'
import { seedDataset, seedExperiment, type TestEngine } from './engine.ts'
import { root, type Spawned, spawnAssay, spawnNode } from './spawn-assay.ts'

interface SpawnedEndpoint {
  url: string
  calls(): Promise<EndpointCall[]>
}

/** Starts the endpoint program until the test ends. */
export async function spawnEndpoint(): Promise<SpawnedEndpoint> {
  const endpoint = spawnNode([join(root, 'test/helpers/endpoint.ts')])
  const [line = ''] = await endpoint.says(/^\{.*\}$/m)
  const { url } = JSON.parse(line) as { url: string }
  return { url, calls: async () => (await fetch(`${url}/calls`)).json() as Promise<EndpointCall[]> }
}

export interface SpawnedWorker extends Spawned {
  /** Leases of the lanes it has held. */
  leases(): string[]
}

/** Starts `assay worker` and waits until it is ready. */
export async function spawnWorker(databaseUrl: string, slots: number, args: string[] = []): Promise<SpawnedWorker> {
  const env = { DATABASE_URL: databaseUrl, ASSAY_ALLOW_PRIVATE_ENDPOINTS: 'true' }
  const worker = spawnAssay(['worker', '--slots', String(slots), '--log-level', 'debug', ...args], { env })
  await worker.says(/worker is ready/)
  const leases = () =>
    [...worker.stderr.matchAll(/"lease":"(\d+)","msg":"lane: started"/g)].map(([, lease]) => lease ?? '')
  return Object.assign(Object.create(worker), { leases }) as SpawnedWorker
}

/** A run of `items` items that calls the endpoint; item n has the input n. */
export async function startEndpointRun(
  t: TestEngine,
  endpoint: SpawnedEndpoint,
  { items, path, settings }: { items: number; path: string; settings: Partial<RunSettings> },
): Promise<string> {
  const task: HttpTaskSpec = {
    kind: 'http',
    url: `${endpoint.url}${path}`,
    method: 'POST',
    headers: {},
    body: { item: '{{input}}' },
    outputPath: null,
    costPath: null,
    inputTokensPath: null,
    outputTokensPath: null,
  }
  const datasetId = await seedDataset(
    t,
    Array.from({ length: items }, (_, n) => n),
  )
  const experimentId = await seedExperiment(t, datasetId, task, settings)
  const { id } = await startRun(t.services, t.scope, { experimentId })
  return id
}

/** One evaluator for all runs, so that every result has a score. */
export async function addEvaluator({ services, scope }: TestEngine): Promise<void> {
  await createEvaluator(services, scope, {
    name: 'latency',
    definition: { kind: 'builtin', type: 'latency', maxMs: 60_000 },
  })
}

/** A run according to its tables and according to its counters; they must agree. */
export async function auditRun({ db }: TestEngine, runId: string) {
  const { rows } = await db.pool.query<{
    items: number
    succeeded: number
    failed: number
    cancelled: number
    leased: number
  }>(
    `SELECT count(*)::int AS items, count(*) FILTER (WHERE status = 'SUCCEEDED')::int AS succeeded,
            count(*) FILTER (WHERE status = 'FAILED')::int AS failed,
            count(*) FILTER (WHERE status = 'CANCELLED')::int AS cancelled,
            count(*) FILTER (WHERE lease IS NOT NULL)::int AS leased
     FROM run_item WHERE run_id = $1`,
    [runId],
  )
  const scores = await db.pool.query<{ scores: number; scored: number }>(
    'SELECT count(*)::int AS scores, count(DISTINCT ordinal)::int AS scored FROM score WHERE run_id = $1',
    [runId],
  )
  const summary = await db.pool.query<{ count: number }>(
    'SELECT COALESCE(sum(count + error_count), 0)::int AS count FROM run_score_summary WHERE run_id = $1',
    [runId],
  )
  const run = await db.prisma.run.findUniqueOrThrow({ where: { id: runId } })
  return { ...rows[0], ...scores.rows[0], summarized: summary.rows[0]?.count, run }
}

/** Resident memory of a process in MB. */
export function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024
}

export function figure(text: string): void {
  process.stdout.write(`  ▸ ${text}\n`)
}
