import type { Queryable } from '../../db/client.ts'
import { findProvider, listProviderNames } from '../../db/sql/provider/find-provider.ts'
import { NotFoundError } from '../../domain/errors.ts'

/** @throws {NotFoundError} the project has no provider of this name; it says which it has */
export async function requireProvider(
  client: Queryable,
  projectId: string,
  name: string,
  path: string[],
): Promise<void> {
  if (await findProvider(client, projectId, name)) return
  const names = await listProviderNames(client, projectId)
  const known = names.length === 0 ? 'none: create one with createProvider' : names.join(', ')
  throw new NotFoundError(`There is no provider "${name}" in this project; it has ${known}.`, path)
}
