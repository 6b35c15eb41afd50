import * as z from 'zod'
import type { ModelPrice } from '../../db/generated/prisma/client.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import type { ModelPrices } from '../../domain/model/generation.ts'
import { optional, parseInput, text } from '../../domain/parse-input.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'

/** In US dollars per million tokens; the parts are optional. */
export type SetModelPriceInput = Pick<ModelPrices, 'input' | 'output'> &
  Partial<ModelPrices> & { providerId: string; model: string }

const price = z.number().min(0).max(1_000_000)
const schema = z.strictObject({
  model: text.min(1).max(200),
  input: price,
  output: price,
  cachedInput: optional(price, null),
  cacheWrite: optional(price, null),
  reasoning: optional(price, null),
})

/**
 * Sets what a model costs the project, in place of the table of prices. Runs that have started keep theirs.
 * @throws {InvalidInputError} @throws {NotFoundError} no such provider
 */
export async function setModelPrice(services: Services, scope: Scope, input: SetModelPriceInput): Promise<ModelPrice> {
  requireWrite(scope)
  const { providerId, ...rest } = input
  const { model, ...prices } = parseInput(schema, rest, [])
  const { prisma } = services.db
  const found = await prisma.provider.count({ where: { id: providerId, projectId: scope.projectId } })
  if (found === 0) {
    const id = encodeGlobalId('Provider', providerId)
    throw new NotFoundError(`There is no provider ${id} in this project.`, ['providerId'])
  }
  return prisma.modelPrice.upsert({
    where: { providerId_model: { providerId, model } },
    create: { providerId, model, ...prices },
    update: prices,
  })
}

/** Goes back to the table of prices. @throws {NotFoundError} */
export async function deleteModelPrice(services: Services, scope: Scope, id: string): Promise<void> {
  requireWrite(scope)
  const { projectId } = scope
  const { count } = await services.db.prisma.modelPrice.deleteMany({ where: { id, provider: { projectId } } })
  if (count === 0) throw new NotFoundError('There is no such price in this project.', ['id'])
}
