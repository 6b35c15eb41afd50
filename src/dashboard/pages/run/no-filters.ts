import type { RunSearch } from './run-search.ts'

/** What removes every filter, and the order that goes with a filter by change. */
export const noFilters: Partial<RunSearch> = {
  q: undefined,
  status: undefined,
  error: undefined,
  tags: undefined,
  score: undefined,
  change: undefined,
  differ: undefined,
}
