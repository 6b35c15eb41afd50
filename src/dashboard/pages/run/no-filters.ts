import type { RunSearch } from './run-search.ts'

/** What removes every filter. */
export const noFilters: Partial<RunSearch> = {
  q: undefined,
  status: undefined,
  error: undefined,
  tags: undefined,
  metadata: undefined,
  score: undefined,
  latency: undefined,
  cost: undefined,
  change: undefined,
  differ: undefined,
}
