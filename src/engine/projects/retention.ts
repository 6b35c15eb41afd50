import * as z from 'zod'
import type { Database } from '../../db/client.ts'
import type { Project } from '../../db/generated/prisma/client.ts'
import { optional, parseInput } from '../../domain/parse-input.ts'
import { requireAdmin, type Scope } from '../../domain/scope.ts'

/** What a project keeps; null or left out: everything, for good. */
export interface RetentionRules {
  /** The newest finished runs of each experiment: 1–1,000,000. */
  keepRuns?: number | null
  /** Days from the end of a run on for which its outputs are kept: 1–36,500. */
  keepOutputDays?: number | null
}

const rules = z.object({
  keepRuns: optional(z.int().min(1).max(1_000_000), null),
  keepOutputDays: optional(z.int().min(1).max(36_500), null),
})

/**
 * Sets what the caller's project keeps, in place of its former rules. Servers apply them within the hour (`Retention`).
 * @throws {ForbiddenError} not an ADMIN
 * @throws {InvalidInputError} a number that is not in its range
 */
export async function setRetention({ prisma }: Database, scope: Scope, input: RetentionRules): Promise<Project> {
  requireAdmin(scope)
  return prisma.project.update({ where: { id: scope.projectId }, data: parseInput(rules, input, []) })
}
