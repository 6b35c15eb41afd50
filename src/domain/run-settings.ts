import * as z from 'zod'
import { parseChanges } from './changes.ts'
import { optional, parseInput } from './parse-input.ts'
import type { RunSettings, RunSettingsChanges } from './run.ts'

/**
 * Settings in which `changes` override `base`. A missing member keeps its value; null clears the two limits
 * (`budgetUsd`, `maxFailureRate`).
 * @throws {InvalidInputError} for values out of range (see {@link RunSettings}), and null for any other setting.
 */
export function parseRunSettings(changes: RunSettingsChanges, base: RunSettings, path: readonly string[]): RunSettings {
  const limit = (schema: z.ZodNumber, current: number | null) =>
    schema.nullish().transform((value) => (value === undefined ? current : value))
  const schema = z.strictObject({
    concurrency: optional(z.int().min(1).max(1_000), base.concurrency),
    repetitions: optional(z.int().min(1).max(100), base.repetitions),
    timeoutMs: optional(z.int().min(1).max(3_600_000), base.timeoutMs),
    maxAttempts: optional(z.int().min(1).max(20), base.maxAttempts),
    budgetUsd: limit(z.number().positive(), base.budgetUsd),
    maxFailureRate: limit(z.number().min(0).max(1), base.maxFailureRate),
    cache: optional(z.boolean(), base.cache),
  })
  return parseInput(schema, parseChanges(changes, ['budgetUsd', 'maxFailureRate'], path), path)
}
