import { Prisma } from '../db/generated/prisma/client.ts'
import { ConflictError, codeOf } from '../domain/errors.ts'

/**
 * Runs a write of something that has a unique name.
 * @param where what the name is unique in
 * @throws {ConflictError} the name is taken
 */
export async function withUniqueName<T>(
  what: string,
  name: string,
  write: () => Promise<T>,
  where: 'project' | 'dataset' = 'project',
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (isTaken(error)) {
      const article = /^[aeiou]/.test(what) ? 'an' : 'a'
      throw new ConflictError(`There is already ${article} ${what} "${name}" in this ${where}. Choose another name.`, [
        'name',
      ])
    }
    throw error
  }
}

/** A violation of a unique constraint, from Prisma or from PostgreSQL itself. */
function isTaken(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError ? error.code === 'P2002' : codeOf(error) === '23505'
}
