import type { Database } from '../../db/client.ts'
import { type FoundConnection, findConnection } from '../../db/sql/provider/find-connection.ts'
import { TaskError } from '../../domain/execution/task.ts'
import { needsKey } from '../../domain/model/connection.ts'
import type { ModelAccess } from '../../models/open-model.ts'
import type { SecretBox } from '../secrets/secret-box.ts'

export interface Opening {
  db: Pick<Database, 'pool'>
  secrets: SecretBox | null
  env: Readonly<Record<string, string | undefined>>
}

/**
 * A connection of a project with its key, which only calls of models get to see.
 * @throws {TaskError} when there is no such connection, or its key cannot be had in this process; no other item could
 *   be executed either
 */
export async function openConnection(opening: Opening, projectId: string, name: string): Promise<ModelAccess> {
  const found = await findConnection(opening.db.pool, projectId, name)
  if (!found) throw refused(`The project has no connection "${name}" any more: create it again, then resume the run.`)
  const { provider, baseUrl, region, resourceName, apiVersion, accessKeyId } = found
  const address = { provider, baseUrl, region, resourceName, apiVersion, accessKeyId }
  return { name, address, apiKey: keyOf(found, opening) }
}

function keyOf(connection: FoundConnection, { secrets, env }: Opening): string | null {
  const { id, name, provider, keyVariable, sealedKey } = connection
  if (keyVariable !== null) {
    const key = env[keyVariable]?.trim()
    if (key) return key
    throw refused(
      `The key of the connection "${name}" is the environment variable ${keyVariable}, which is not set in this process: set it where the worker runs, and start it again.`,
    )
  }
  if (sealedKey === null) {
    if (!needsKey(provider)) return null
    throw refused(`The connection "${name}" has no key: set one with updateProviderConnection.`)
  }
  if (!secrets) {
    throw refused(
      `The key of the connection "${name}" is stored encrypted, and this process has no key to open it: start every process with the same ASSAY_SECRET_KEY.`,
    )
  }
  try {
    return secrets.open(sealedKey, secretOwner(id))
  } catch {
    throw refused(
      `The stored key of the connection "${name}" cannot be opened with the key of this process: set it again.`,
    )
  }
}

/** What a stored key belongs to. */
export function secretOwner(connectionId: string): string {
  return `provider_connection ${connectionId}`
}

function refused(message: string): TaskError {
  return new TaskError('AUTHENTICATION_FAILED', message, { retryable: false, stopsRun: true })
}
