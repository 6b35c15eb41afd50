import * as z from 'zod'
import { parseInput } from '../parse-input.ts'

/** How long a client keeps the items it claimed without a word, in milliseconds. */
export const defaultLeaseMs = 15_000

/** @throws {InvalidInputError} unless it is a whole number of milliseconds from 5,000 to 600,000 */
export function parseLeaseMs(leaseMs: number, path: readonly string[]): number {
  return parseInput(z.int().min(5_000).max(600_000), leaseMs, path)
}

/**
 * A client's share of a run's concurrency: equal shares, the oldest clients get what does not divide.
 * @param leases of all clients of the run, the oldest first
 * @returns 0 for a lease that is not among them, and when there are more clients than items at once
 */
export function shareOf(lease: string, leases: readonly string[], concurrency: number): number {
  const index = leases.indexOf(lease)
  if (index === -1) return 0
  const share = Math.floor(concurrency / leases.length)
  return share + (index < concurrency % leases.length ? 1 : 0)
}
