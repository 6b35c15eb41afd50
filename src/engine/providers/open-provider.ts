import type { Database } from '../../db/client.ts'
import { type FoundProvider, findProvider } from '../../db/sql/provider/find-provider.ts'
import { TaskError } from '../../domain/execution/task.ts'
import { needsKey } from '../../domain/model/provider.ts'
import type { ModelAccess } from '../../models/open-model.ts'
import type { SecretBox } from '../secrets/secret-box.ts'

export interface Opening {
  db: Pick<Database, 'pool'>
  secrets: SecretBox | null
  env: Readonly<Record<string, string | undefined>>
}

/**
 * A provider of a project with its key, which only calls of models get to see.
 * @throws {TaskError} when there is no such provider, or its key cannot be had in this process; no other item could
 *   be executed either
 */
export async function openProvider(opening: Opening, projectId: string, name: string): Promise<ModelAccess> {
  const found = await findProvider(opening.db.pool, projectId, name)
  if (!found) throw refused(`The project has no provider "${name}" any more: create it again, then resume the run.`)
  const { kind, baseUrl, region, resourceName, apiVersion, accessKeyId } = found
  const address = { kind, baseUrl, region, resourceName, apiVersion, accessKeyId }
  return { name, address, apiKey: keyOf(found, opening) }
}

function keyOf(provider: FoundProvider, { secrets, env }: Opening): string | null {
  const { id, name, kind, keyVariable, sealedKey } = provider
  if (keyVariable !== null) {
    const key = env[keyVariable]?.trim()
    if (key && isSendable(key)) return key
    // Never quoted.
    if (key) {
      throw refused(
        `The key of the provider "${name}", in the environment variable ${keyVariable} of this process, cannot be sent: expected ${sendableKey}, got one with spaces, other characters or another length. Correct it where the worker runs, and start it again.`,
      )
    }
    throw refused(
      `The key of the provider "${name}" is the environment variable ${keyVariable}, which is not set in this process: set it where the worker runs, and start it again.`,
    )
  }
  if (sealedKey === null) {
    if (!needsKey(kind)) return null
    throw refused(`The provider "${name}" has no key: set one with updateProvider.`)
  }
  if (!secrets) {
    throw refused(
      `The key of the provider "${name}" is stored encrypted, and this process has no key to open it: start every process with the same ASSAY_SECRET_KEY.`,
    )
  }
  try {
    return secrets.open(sealedKey, secretOwner(id))
  } catch {
    throw refused(
      `The stored key of the provider "${name}" cannot be opened with the key of this process: set it again.`,
    )
  }
}

/** What a key has to be: it goes into a header. */
export const sendableKey = '8–4,000 printable ASCII characters'

export function isSendable(key: string): boolean {
  return /^[\x21-\x7e]{8,4000}$/.test(key)
}

/** What a stored key belongs to. */
export function secretOwner(providerId: string): string {
  return `provider ${providerId}`
}

function refused(message: string): TaskError {
  return new TaskError('AUTHENTICATION_FAILED', message, { retryable: false, stopsRun: true })
}
