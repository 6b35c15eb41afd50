/** Prompts over GraphQL, as a person with the role WRITE sees them. */
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { createApiKey } from '../../../src/engine/projects/api-keys.ts'
import { createPrompt, updatePrompt } from '../../../src/engine/prompts/prompts.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

export const user = (content: string) => ({ messages: [{ role: 'USER', content }] })

/** A server, and what Ada does on it. */
export async function startPromptServer() {
  const t: TestServer = await startTestServer()
  const { key } = await createApiKey(t.db, t.scope, { name: 'Ada', role: 'WRITE' })
  const headers = { authorization: `Bearer ${key}` }

  const ask = async (document: string, variables: object = {}) => {
    const { data, errors } = await t.query(document, variables, headers)
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }

  const mutate = async (name: string, input: object, selection = '') => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
    const document = `mutation($input: ${type}Input!) { ${name}(input: $input) {
      __typename ... on ${type}Payload { prompt { id version ${selection} } } ... on UserError { message path code }
    } }`
    return (await ask(document, { input }))[name]
  }

  /** Creates a prompt of as many versions as there are texts; returns its global id. */
  const promptOf = async (name: string, ...texts: string[]): Promise<string> => {
    const [first = '', ...more] = texts
    const { id } = await createPrompt(t.services, t.scope, { name, content: user(first) })
    for (const text of more) await updatePrompt(t.services, t.scope, { id, content: user(text) })
    return encodeGlobalId('Prompt', id)
  }

  return { t, headers, ask, mutate, promptOf }
}
