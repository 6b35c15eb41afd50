/**
 * The evaluators that clients execute. A client names them with the scores that it records, so they need no set-up: the
 * first score of a name creates the evaluator, and each version of its code a version of it. The run pins what scored
 * it. From there on their scores are like those of any evaluator: one series, summarized, compared by version.
 */
import type { Database } from '../db/client.ts'
import { Prisma } from '../db/generated/prisma/client.ts'
import { lockEvaluatorForChange } from '../db/sql/evaluator/lock-for-change.ts'
import { loadPinnedEvaluators, type PinnedEvaluator, pinVersion } from '../db/sql/evaluator/pin-evaluators.ts'
import type { ClientEvaluatorSpec, Direction, ScoreDataType } from '../domain/evaluation.ts'

/** An evaluator as a client names it. */
export interface ClientEvaluator {
  /** The name of its score. */
  name: string
  version: string | null
  /** Of a new version. */
  dataType: ScoreDataType
  direction: Direction
}

/** Identifies an evaluator of a client among those of a run. */
export function clientEvaluatorKey({ name, version }: Pick<ClientEvaluator, 'name' | 'version'>): string {
  return JSON.stringify([name, version])
}

/**
 * Pins these evaluators to a run, and creates those that are not known yet.
 * @returns every evaluator that the run has pinned then
 */
export async function pinClientEvaluators(
  db: Database,
  run: { id: string; projectId: string },
  evaluators: readonly ClientEvaluator[],
): Promise<PinnedEvaluator[]> {
  const pinned = await loadPinnedEvaluators(db.pool, run.id)
  const known = new Set(
    pinned.flatMap(({ definition }) => (definition.kind === 'client' ? clientEvaluatorKey(definition) : [])),
  )
  const missing = new Map(
    evaluators.flatMap((evaluator) => {
      const key = clientEvaluatorKey(evaluator)
      return known.has(key) ? [] : [[key, evaluator] as const]
    }),
  )
  if (missing.size === 0) return pinned
  for (const evaluator of missing.values()) {
    await pinVersion(db.pool, run.id, await findOrCreateVersion(db, run.projectId, evaluator), evaluator.name)
  }
  return loadPinnedEvaluators(db.pool, run.id)
}

/** The id of the version. Two clients that need the same one at the same time get the same. */
async function findOrCreateVersion(
  { prisma }: Database,
  projectId: string,
  evaluator: ClientEvaluator,
): Promise<string> {
  for (;;) {
    try {
      return await prisma.$transaction((tx) => versionIn(tx, projectId, evaluator))
    } catch (error) {
      const created = error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
      if (!created) throw error
    }
  }
}

async function versionIn(
  tx: Prisma.TransactionClient,
  projectId: string,
  { name, version, dataType, direction }: ClientEvaluator,
): Promise<string> {
  const definition: ClientEvaluatorSpec = { kind: 'client', name, version }
  const content = { definition: { ...definition }, dataType, direction }
  const found = await findEvaluator(tx, projectId, name)
  if (found.id === null) {
    const created = await tx.evaluator.create({
      data: { projectId, name: found.name, active: false, versions: { create: { ...content, version: 1 } } },
      include: { current: true },
    })
    return created.current.id
  }
  await lockEvaluatorForChange(tx, projectId, found.id)
  const versions = await tx.evaluatorVersion.findMany({
    where: { evaluatorId: found.id },
    orderBy: { version: 'desc' },
    select: { id: true, version: true, definition: true },
  })
  const same = versions.find(
    ({ definition: other }) => clientEvaluatorKey(specOf(other)) === clientEvaluatorKey(definition),
  )
  if (same) return same.id
  const next = (versions[0]?.version ?? 0) + 1
  const added = await tx.evaluatorVersion.create({ data: { ...content, evaluatorId: found.id, version: next } })
  await tx.evaluator.update({ where: { id: found.id }, data: { version: next } })
  return added.id
}

/** The evaluator of this score that clients execute. Where the server has one of the name, it has a name of its own. */
async function findEvaluator(
  tx: Prisma.TransactionClient,
  projectId: string,
  score: string,
): Promise<{ id: string | null; name: string }> {
  for (const name of [score, `${score} (client)`]) {
    const found = await tx.evaluator.findFirst({
      where: { projectId, name, deletedAt: null },
      include: { current: true },
    })
    if (!found) return { id: null, name }
    if (specOf(found.current.definition).kind === 'client') return { id: found.id, name }
  }
  return { id: null, name: `${score} (client) ${crypto.randomUUID()}` }
}

function specOf(definition: unknown): ClientEvaluatorSpec {
  return definition as ClientEvaluatorSpec
}
