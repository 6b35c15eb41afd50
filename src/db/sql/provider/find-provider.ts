import type { ModelPrices } from '../../../domain/model/generation.ts'
import type { ModelAddress } from '../../../domain/model/provider.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** A provider with what opens it. */
export interface FoundProvider extends ModelAddress {
  id: string
  name: string
  keyVariable: string | null
  sealedKey: Buffer | null
}

const addressColumns = `id, name, kind, base_url AS "baseUrl", region, resource_name AS "resourceName",
  api_version AS "apiVersion", access_key_id AS "accessKeyId", key_variable AS "keyVariable", sealed_key AS "sealedKey"`

/** Null when the project has none of this name. */
export async function findProvider(client: Queryable, projectId: string, name: string): Promise<FoundProvider | null> {
  const sql = `SELECT ${addressColumns} FROM provider WHERE project_id = $1 AND name = $2`
  return (await queryRows<FoundProvider>(client, sql, [projectId, name]))[0] ?? null
}

/** The names of the providers of a project, in their order. */
export async function listProviderNames(client: Queryable, projectId: string): Promise<string[]> {
  const sql = 'SELECT name FROM provider WHERE project_id = $1 ORDER BY name LIMIT 20'
  return (await queryRows<{ name: string }>(client, sql, [projectId])).map(({ name }) => name)
}

/** The project's own prices of a model behind a provider; null for none. */
export async function findPrices(
  client: Queryable,
  projectId: string,
  { provider, model }: { provider: string; model: string },
): Promise<ModelPrices | null> {
  const rows = await queryRows<ModelPrices>(
    client,
    `SELECT p.input, p.output, p.cached_input AS "cachedInput", p.cache_write AS "cacheWrite", p.reasoning
     FROM model_price p JOIN provider c ON c.id = p.provider_id
     WHERE c.project_id = $1 AND c.name = $2 AND p.model = $3`,
    [projectId, provider, model],
  )
  return rows[0] ?? null
}
