import type { Database } from '../../db/client.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { type ModelProvider, modelProviders } from '../../domain/model/connection.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { type KnownModel, knownModels } from '../../models/prices.ts'

export interface ModelFilter {
  /** Text anywhere in the model or its name, ignoring case; all of its words. */
  search?: string | null
  provider?: readonly ModelProvider[] | null
  /** Those of its provider, with the prices of the project. */
  connectionId?: string | null
  includeDeprecated?: boolean | null
}

/** A model with the prices that the project pays. */
export interface ListedModel extends KnownModel {
  /** Whether the prices are the project's own. */
  isOverridden: boolean
}

/**
 * The models of the table of prices, and those that the connection has prices of, in their order: by provider and model.
 * @throws {NotFoundError} no such connection
 */
export async function findModels(
  db: Pick<Database, 'prisma'>,
  { projectId }: ProjectScope,
  { search, provider, connectionId, includeDeprecated }: ModelFilter,
  at: Date,
): Promise<ListedModel[]> {
  const connection = connectionId == null ? null : await requireConnection(db, projectId, connectionId)
  const providers = modelProviders.filter(
    (one) => (!connection || connection.provider === one) && (!provider || provider.includes(one)),
  )
  const own = new Map(connection?.prices.map((price) => [price.model, price]))
  const listed = providers
    .flatMap((one) => knownModels(one, at))
    .map((model): ListedModel => {
      const prices = own.get(model.model)
      own.delete(model.model)
      return prices ? { ...model, prices, isOverridden: true } : { ...model, isOverridden: false }
    })
  const unknown = [...own.values()].map((prices): ListedModel => {
    const { model } = prices
    const named = { provider: connection?.provider as ModelProvider, model, name: model }
    return { ...named, contextTokens: null, deprecated: false, prices, isOverridden: true }
  })
  const words = search?.toLowerCase().split(/\s+/) ?? []
  return [...unknown, ...listed].filter(({ model, name, deprecated }) => {
    const text = `${model} ${name}`.toLowerCase()
    return (includeDeprecated || !deprecated) && words.every((word) => text.includes(word))
  })
}

async function requireConnection({ prisma }: Pick<Database, 'prisma'>, projectId: string, id: string) {
  const found = await prisma.providerConnection.findFirst({
    where: { id, projectId },
    include: { prices: { orderBy: { model: 'asc' } } },
  })
  if (found) return found
  throw new NotFoundError(`There is no connection ${encodeGlobalId('ProviderConnection', id)} in this project.`, [
    'filter',
    'connectionId',
  ])
}
