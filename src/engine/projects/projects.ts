import type { Database } from '../../db/client.ts'
import { Prisma, type Project } from '../../db/generated/prisma/client.ts'
import { ConflictError } from '../../domain/errors.ts'
import { name, parseInput } from '../../domain/parse-input.ts'
import { requireAdmin, requireInstallation, type Scope } from '../../domain/scope.ts'

/**
 * Creates an empty project.
 * @throws {ForbiddenError} not an ADMIN of the installation
 * @throws {ConflictError} the name is taken
 */
export async function createProject({ prisma }: Database, scope: Scope, input: { name: string }): Promise<Project> {
  requireInstallation(scope)
  requireAdmin(scope)
  const data = { name: parseInput(name, input.name, ['name']) }
  try {
    return await prisma.project.create({ data })
  } catch (error) {
    const isTaken = error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
    throw isTaken ? new ConflictError(`There is already a project named "${data.name}".`, ['name']) : error
  }
}
