import type { Prisma } from '../../generated/prisma/client.ts'

/**
 * Gives a label to a version of a prompt, and takes it from the one that has it, in one statement: nobody sees it
 * missing.
 * @param movedById kept with the time of the move; a label that stays where it is keeps its own
 */
export async function moveLabel(
  tx: Pick<Prisma.TransactionClient, '$executeRaw'>,
  label: { promptId: string; name: string; version: number; movedById: string },
): Promise<void> {
  const { promptId, name, version, movedById } = label
  await tx.$executeRaw`
    INSERT INTO prompt_label AS l (prompt_id, name, version, moved_by_id)
    VALUES (${promptId}::uuid, ${name}, ${version}, ${movedById}::uuid)
    ON CONFLICT (prompt_id, name) DO UPDATE
      SET version = EXCLUDED.version, moved_by_id = EXCLUDED.moved_by_id, moved_at = now()
      WHERE l.version <> EXCLUDED.version`
}
