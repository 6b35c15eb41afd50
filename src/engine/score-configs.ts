import type { EvaluatorVersion, ScoreConfig } from '../db/generated/prisma/client.ts'
import { Prisma } from '../db/generated/prisma/client.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { ScoreRules } from '../domain/evaluation.ts'
import { invalidInput } from '../domain/parse-input.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { contradiction, parseScoreName, parseScoreRules, type ScoreRulesInput } from '../domain/score.ts'
import type { Services } from './services.ts'

export interface SetScoreConfigInput extends ScoreRulesInput {
  name: string
}

/**
 * Sets the rules of the scores of a name, in place of any others. Runs that have such scores keep the rules that they
 * pinned.
 * @throws {InvalidInputError} rules that contradict each other or those of the evaluator of that name
 */
export async function setScoreConfig(
  { db: { prisma } }: Services,
  scope: Scope,
  input: SetScoreConfigInput,
): Promise<ScoreConfig> {
  requireWrite(scope)
  const { projectId } = scope
  const name = parseScoreName(input.name)
  const rules = parseScoreRules(input)
  const evaluator = await prisma.evaluator.findFirst({
    where: { projectId, name, deletedAt: null },
    include: { current: true },
  })
  if (evaluator) requireAgreement(rules, rulesOf(evaluator.current), `the evaluator "${name}" has it`)
  const data = { ...rules, categories: rules.categories === null ? Prisma.DbNull : [...rules.categories] }
  return prisma.scoreConfig.upsert({
    where: { projectId_name: { projectId, name } },
    create: { projectId, name, ...data },
    update: data,
  })
}

/** Removes the rules. @throws {NotFoundError} */
export async function deleteScoreConfig({ db: { prisma } }: Services, scope: Scope, id: string): Promise<void> {
  requireWrite(scope)
  const { count } = await prisma.scoreConfig.deleteMany({ where: { id, projectId: scope.projectId } })
  if (count === 0) throw new NotFoundError('There is no such score configuration in this project.', ['id'])
}

/** The rules of a score that is configured; null for others. */
export async function findScoreConfig(
  reader: Pick<Prisma.TransactionClient, 'scoreConfig'>,
  { projectId }: Scope,
  name: string,
): Promise<ScoreRules | null> {
  const config = await reader.scoreConfig.findUnique({ where: { projectId_name: { projectId, name } } })
  return config && rulesOf(config)
}

/** The rules in a row that has them. */
export function rulesOf(
  row: Pick<EvaluatorVersion | ScoreConfig, 'dataType' | 'direction' | 'min' | 'max' | 'categories' | 'failurePolicy'>,
): ScoreRules {
  const { dataType, direction, min, max, failurePolicy } = row
  return { dataType, direction, min, max, categories: row.categories as string[] | null, failurePolicy }
}

/**
 * @param whose ends the sentence "expected …, as …"
 * @throws {InvalidInputError} naming the first member that contradicts
 */
export function requireAgreement(given: ScoreRules, other: ScoreRules, whose: string): void {
  const found = contradiction(given, other)
  if (!found) return
  const expected = found.member === 'categories' ? `only ${(found.other as string[]).join(', ')}` : String(found.other)
  throw invalidInput([found.member], `expected ${expected}, as ${whose}`, found.given)
}
