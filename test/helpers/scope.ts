import type { Database } from '../../src/db/client.ts'
import type { Scope } from '../../src/domain/scope.ts'

/** An ADMIN of the installation in a project, as everybody is at a server without keys. */
export async function testScope({ prisma }: Database, projectId: string): Promise<Scope> {
  const { id, name } = await prisma.person.findFirstOrThrow({ where: { projectId: null, name: 'local' } })
  return { projectId, role: 'ADMIN', installation: true, person: { id, name } }
}
