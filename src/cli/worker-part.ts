/** The worker of a process, with the processes for its functions. */
import { EarlyStops } from '../engine/comparison/early-stops.ts'
import { ComparisonSequences } from '../engine/comparison/sequences.ts'
import { applyDeclarations } from '../engine/declared-evaluators.ts'
import { Worker } from '../engine/execution/worker.ts'
import { HostPool } from '../function-hosts/host-pool.ts'
import type { Part } from './process-parts.ts'
import type { WorkerSettings } from './worker-messages.ts'

/** Starts executing runs, once the config is loaded or refused. Its parts are added to those that are to be stopped. */
export async function startWorker(
  part: Part,
  { config, slots, functionMemoryMb: memoryMb }: Pick<WorkerSettings, 'config' | 'slots' | 'functionMemoryMb'>,
): Promise<{ worker: Worker; hosts: HostPool }> {
  const { db, log, metrics } = part.services
  const { listener, changes, stops } = part
  let worker: Worker | null = null
  const hosts = new HostPool({ config, memoryMb, log, onChange: () => worker?.functionsChanged() })
  stops.push(() => hosts.stop())
  await hosts.start()
  const services = { ...part.services, functions: hosts }
  const started = new Worker(services, listener, { slots }).start()
  worker = started
  stops.push(() => started.stop())
  await started.announced
  await applyDeclarations(services, hosts.registered)
  metrics.watchWorker(started)
  metrics.watchHosts(hosts)
  const earlyStops = new EarlyStops(services, changes, new ComparisonSequences(db))
  stops.push(() => earlyStops.stop())
  return { worker: started, hosts }
}
