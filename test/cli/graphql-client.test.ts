import { expect, test, vi } from 'vitest'
import { CliError } from '../../src/cli/cli-error.ts'
import { followRun } from '../../src/cli/follow-run.ts'
import { ConnectionLost, GraphQLClient } from '../../src/cli/graphql-client.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { startTestServer } from '../helpers/server.ts'

test('a command whose key is not valid does not try again, and says what to do', async () => {
  await using t = await startTestServer()
  const { key, apiKey } = await createApiKey(t.db, t.scope, { name: 'leaked', role: 'READ' })
  await revokeApiKey(t.db, t.scope, apiKey.id)
  vi.stubEnv('ASSAY_API_KEY', key)
  const client = new GraphQLClient(t.url)
  vi.unstubAllEnvs()
  const error = await followRun(client, 'any')
    .next()
    .catch((error: unknown) => error)
  expect(error).toBeInstanceOf(CliError)
  expect(error).not.toBeInstanceOf(ConnectionLost)
  expect(error).toMatchObject({ message: expect.stringContaining(`Set ASSAY_API_KEY to a key of ${t.url}`) })
  await client.close()
})
