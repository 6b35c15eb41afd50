import type { Scope } from '../src/domain/scope.ts'
import { OutputDiffs } from '../src/domain/text-diff.ts'
import type { Services } from '../src/engine/services.ts'
import type { ComparisonFeeds } from '../src/feed/comparison-feed.ts'
import type { FeedPosition } from '../src/feed/position.ts'
import type { RunFeeds } from '../src/feed/run-feed.ts'
import type { RunItemTexts } from '../src/feed/run-item-texts.ts'
import { createLoaders, type Loaders } from './loaders.ts'

/** The context of every resolver. All reads and writes are on behalf of `scope`. */
export interface Context {
  readonly services: Services
  readonly feeds: RunFeeds
  readonly comparisons: ComparisonFeeds
  readonly texts: RunItemTexts
  readonly scope: Scope
  /** Aborted when the client no longer waits for the result. */
  readonly gone: AbortSignal
  /** The server's public URL, without a trailing slash: `http://127.0.0.1:4000`. */
  readonly publicUrl: string
  /** The URL of a trace, with the placeholder `{traceId}`; null when traces have no viewer. */
  readonly traceUrlTemplate: string | null
  /** Of a source that many subscriptions share: the cursor that it continues after; null: that of the document. */
  readonly shared: { after: string | null } | null
  /** After the last event of a subscription. */
  position: FeedPosition | null
  /** New for each request, mutation and event of a subscription, because a loader never reads a row twice. */
  loaders: Loaders
  /** New for each request and each event of a subscription. */
  diffs: OutputDiffs
}

export function createContext(base: Omit<Context, 'loaders' | 'diffs' | 'position'>): Context {
  const loaders = createLoaders(base.services.db, base.scope)
  return { ...base, position: null, loaders, diffs: new OutputDiffs() }
}
