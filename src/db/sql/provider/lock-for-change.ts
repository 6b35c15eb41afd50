import type { Prisma } from '../../generated/prisma/client.ts'

/** Blocks changing and deleting the connection until the transaction ends. */
export async function lockConnectionForChange(
  tx: Pick<Prisma.TransactionClient, '$queryRaw'>,
  projectId: string,
  id: string,
): Promise<void> {
  await tx.$queryRaw`SELECT FROM provider_connection WHERE id = ${id}::uuid AND project_id = ${projectId}::uuid FOR UPDATE`
}
