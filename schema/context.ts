import type { Scope } from '../src/domain/scope.ts'
import { OutputDiffs } from '../src/domain/text-diff.ts'
import type { Services } from '../src/engine/services.ts'
import type { ComparisonFeeds } from '../src/feed/comparison-feed.ts'
import type { RunFeeds } from '../src/feed/run-feed.ts'
import { createLoaders, type Loaders } from './loaders.ts'

/** What every resolver is given. Nothing is read or written except on behalf of `scope`. */
export interface Context {
  readonly services: Services
  readonly feeds: RunFeeds
  readonly comparisons: ComparisonFeeds
  readonly scope: Scope
  /** Where people reach this server, without a trailing slash: `http://127.0.0.1:4000`. */
  readonly publicUrl: string
  /** Where traces can be looked at, with `{traceId}` in it; null when nowhere. */
  readonly traceUrlTemplate: string | null
  /** Of one request, or of one event of a subscription: what a loader has seen it never reads again. */
  loaders: Loaders
  /** Of one request, or of one event of a subscription, too. */
  diffs: OutputDiffs
}

export function createContext(given: Omit<Context, 'loaders' | 'diffs'>): Context {
  return { ...given, loaders: createLoaders(given.services.db, given.scope), diffs: new OutputDiffs() }
}
