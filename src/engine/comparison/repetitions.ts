import type { Run } from '../../db/generated/prisma/client.ts'
import type { RunSettings } from '../../domain/run.ts'

/** Executions per item. */
export function repetitionsOf({ settings }: Pick<Run, 'settings'>): number {
  return (settings as unknown as RunSettings).repetitions
}
