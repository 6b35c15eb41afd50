import type { Prisma } from '../../generated/prisma/client.ts'

/** Blocks changing and deleting the provider until the transaction ends. */
export async function lockProviderForChange(
  tx: Pick<Prisma.TransactionClient, '$queryRaw'>,
  projectId: string,
  id: string,
): Promise<void> {
  await tx.$queryRaw`SELECT FROM provider WHERE id = ${id}::uuid AND project_id = ${projectId}::uuid FOR UPDATE`
}
