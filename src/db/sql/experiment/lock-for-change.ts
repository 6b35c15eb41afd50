import type { Prisma } from '../../generated/prisma/client.ts'

/** Blocks changing, deleting and starting the experiment until the transaction ends. */
export async function lockExperimentForChange(
  tx: Pick<Prisma.TransactionClient, '$queryRaw'>,
  projectId: string,
  id: string,
): Promise<void> {
  await tx.$queryRaw`SELECT FROM experiment WHERE id = ${id}::uuid AND project_id = ${projectId}::uuid FOR UPDATE`
}
