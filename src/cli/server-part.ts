/** The server of a process: feeds, interface, health. */
import { AttachmentPruning } from '../engine/attachments/attachment-pruning.ts'
import { ComparisonSequences } from '../engine/comparison/sequences.ts'
import { ResponseCachePruning } from '../engine/execution/response-cache-pruning.ts'
import { SizeMeasuring } from '../engine/projects/size-measuring.ts'
import { DeletedRunPruning } from '../engine/runs/deleted-run-pruning.ts'
import { Retention } from '../engine/runs/retention.ts'
import { ComparisonFeeds } from '../feed/comparison-feed.ts'
import { RunEventPruning } from '../feed/run-event-pruning.ts'
import { RunFeeds } from '../feed/run-feed.ts'
import { compactAfterStart } from '../server/garbage-collection.ts'
import type { Readiness } from '../server/readiness.ts'
import { type RunningServer, type ServerOptions, startServer } from '../server/start-server.ts'
import type { Part } from './process-parts.ts'

type Options = Pick<ServerOptions, 'host' | 'port' | 'publicUrl' | 'allowedOrigins' | 'traceUrlTemplate' | 'open'>

/** Starts serving. Its parts are added to those that are to be stopped, but the server itself. */
export async function startServing(
  { services, listener, changes, stops }: Part,
  readiness: Readiness,
  options: Options,
): Promise<RunningServer> {
  const { db, log, metrics } = services
  const feeds = new RunFeeds(db, changes, (seconds) => metrics.feedLagSeconds.observe(seconds))
  const comparisons = new ComparisonFeeds(db, changes, new ComparisonSequences(db))
  metrics.watchFeeds(feeds, comparisons)
  const pruning = new RunEventPruning({ db, log })
  stops.push(() => pruning.stop())
  const attachmentPruning = new AttachmentPruning({ db, log })
  stops.push(() => attachmentPruning.stop())
  const deletedRunPruning = new DeletedRunPruning({ db, log })
  stops.push(() => deletedRunPruning.stop())
  const retention = new Retention({ db, log })
  stops.push(() => retention.stop())
  const responsePruning = new ResponseCachePruning({ db, log })
  stops.push(() => responsePruning.stop())
  const sizeMeasuring = new SizeMeasuring({ db, log })
  stops.push(() => sizeMeasuring.stop())
  stops.push(compactAfterStart())
  const server = await startServer({ services, feeds, comparisons, listener, readiness, ...options })
  metrics.watchSubscriptions(server)
  return server
}
