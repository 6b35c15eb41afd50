/** Whether the server answers, and its connections to providers of models work. */
import { graphql } from '../gql/gql.ts'
import type { GraphQLClient } from '../graphql-client.ts'
import { type Finding, ok, problem, warning } from './check.ts'

const ListProviders = graphql(/* GraphQL */ `
  query ListProvidersToCheck {
    viewer { role installation person { name } project { name } }
    providers(first: 100) {
      nodes { id name kind }
    }
  }
`)

const CheckProvider = graphql(/* GraphQL */ `
  mutation CheckProvider($input: TestProviderInput!) {
    testProvider(input: $input) {
      __typename
      ... on TestProviderPayload { problem message }
      ... on UserError { message }
    }
  }
`)

/** A name that no provider has a model by: it gets far enough to check address and key, and costs nothing. */
const noModel = 'assay-doctor-no-such-model'

export async function checkServer(client: GraphQLClient): Promise<Finding[]> {
  const { viewer, providers } = await client.request(ListProviders, {})
  const where = viewer.installation ? 'every project' : `the project ${viewer.project.name}`
  const server = ok('server', `${client.url} answers; you are ${viewer.person.name}, ${viewer.role} in ${where}.`)
  const found = providers?.nodes ?? []
  if (found.length === 0) return [server, ok('providers', `No provider of models is set up in ${viewer.project.name}.`)]
  const checks = found.map(async ({ id, name, kind }): Promise<Finding> => {
    const what = `provider ${name}`
    const { testProvider: tested } = await client.request(CheckProvider, { input: { id, model: noModel } })
    if (tested.__typename !== 'TestProviderPayload') return warning(what, tested.message)
    if (tested.problem == null || tested.problem === 'MODEL') return ok(what, `${kind} answers, and takes the key.`)
    const said = `${kind}: ${tested.message.replace(`${noModel} of ${name} failed: `, '')}`
    return tested.problem === 'RATE_LIMIT' ? warning(what, said) : problem(what, said)
  })
  return [server, ...(await Promise.all(checks))]
}
