import type { Database } from '../../db/client.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { type ProviderKind, providerKinds } from '../../domain/model/provider.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import type { KnownModel } from '../../models/prices.ts'

export interface ModelFilter {
  /** Text anywhere in the model or its title, ignoring case; all of its words. */
  search?: string | null
  kind?: readonly ProviderKind[] | null
  /** Those of its kind, with its prices. */
  providerId?: string | null
  includeDeprecated?: boolean | null
}

/** A model with the prices that the project pays. */
export interface ListedModel extends KnownModel {
  /** Whether the prices are the project's own. */
  isOverridden: boolean
}

/**
 * The models of the table of prices, and those that the provider has prices of, in their order: by kind and model.
 * @throws {NotFoundError} no such provider
 */
export async function findModels(
  db: Pick<Database, 'prisma'>,
  { projectId }: ProjectScope,
  { search, kind, providerId, includeDeprecated }: ModelFilter,
  at: Date,
): Promise<ListedModel[]> {
  // The table of prices takes 5 MB.
  const { knownModels } = await import('../../models/prices.ts')
  const provider = providerId == null ? null : await requireProvider(db, projectId, providerId)
  const kinds = providerKinds.filter((one) => (!provider || provider.kind === one) && (!kind || kind.includes(one)))
  const own = new Map(provider?.prices.map((price) => [price.model, price]))
  const listed = kinds
    .flatMap((one) => knownModels(one, at))
    .map((model): ListedModel => {
      const prices = own.get(model.model)
      own.delete(model.model)
      return prices ? { ...model, prices, isOverridden: true } : { ...model, isOverridden: false }
    })
  const unknown = [...own.values()].map((prices): ListedModel => {
    const { model } = prices
    const named = { kind: provider?.kind as ProviderKind, model, title: model }
    return { ...named, contextTokens: null, deprecated: false, prices, isOverridden: true }
  })
  const words = search?.toLowerCase().split(/\s+/) ?? []
  return [...unknown, ...listed].filter(({ model, title, deprecated }) => {
    const text = `${model} ${title}`.toLowerCase()
    return (includeDeprecated || !deprecated) && words.every((word) => text.includes(word))
  })
}

async function requireProvider({ prisma }: Pick<Database, 'prisma'>, projectId: string, id: string) {
  const found = await prisma.provider.findFirst({
    where: { id, projectId },
    include: { prices: { orderBy: { model: 'asc' } } },
  })
  if (found) return found
  throw new NotFoundError(`There is no provider ${encodeGlobalId('Provider', id)} in this project.`, [
    'filter',
    'providerId',
  ])
}
