import type { Prisma } from '../../generated/prisma/client.ts'

/** Blocks all other changes of the evaluator until the transaction ends. */
export async function lockEvaluatorForChange(
  tx: Pick<Prisma.TransactionClient, '$queryRaw'>,
  projectId: string,
  id: string,
): Promise<void> {
  await tx.$queryRaw`SELECT FROM evaluator WHERE id = ${id}::uuid AND project_id = ${projectId}::uuid FOR UPDATE`
}
