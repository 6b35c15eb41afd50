import type { Prisma } from '../../generated/prisma/client.ts'

/** Blocks all other changes of the prompt until the transaction ends. */
export async function lockPromptForChange(
  tx: Pick<Prisma.TransactionClient, '$queryRaw'>,
  projectId: string,
  id: string,
): Promise<void> {
  await tx.$queryRaw`SELECT FROM prompt WHERE id = ${id}::uuid AND project_id = ${projectId}::uuid FOR UPDATE`
}
