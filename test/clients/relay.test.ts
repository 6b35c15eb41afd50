import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  type GraphQLTaggedNode,
  getRequest,
  Network,
  RecordSource,
  requestSubscription,
  Store,
  type Variables,
} from 'relay-runtime'
import { expect, test, vi } from 'vitest'
import { root } from '../helpers/spawn-assay.ts'
import { type Data, testCache } from './conformance.ts'
import { documents, inlined } from './documents.ts'
import { extractRecipes, importRecipe, writeRecipe } from './recipes.ts'

const folder = await extractRecipes('relay')
// The compiler wants the name of the file at the beginning of the name of the operation.
const moduleOf = (name: string) => name.replace(/(Query|Mutation|Subscription)$/, '')
const paged = 'items(first: $first, after: $after)'
for (const name of documents.keys()) {
  const operation = inlined(name).replace(paged, `${paged} @connection(key: "Run_items")`)
  const text = `import { graphql } from 'relay-runtime'\n\ngraphql\`\n${operation}\n\`\n`
  await writeRecipe(join(folder, 'src', `${moduleOf(name)}.ts`), text)
}
await promisify(execFile)(process.execPath, [join(root, 'node_modules/relay-compiler/cli.js'), 'relay.config.json'], {
  cwd: folder,
})

const { createRelayEnvironment } = await importRecipe<{ createRelayEnvironment(url: string): Environment }>(
  folder,
  'relay.ts',
)
const artifacts = new Map<string, GraphQLTaggedNode>()
for (const name of documents.keys()) {
  const path = `src/__generated__/${name}.graphql.ts`
  artifacts.set(name, (await importRecipe<{ default: GraphQLTaggedNode }>(folder, path)).default)
}

function artifact(name: string): GraphQLTaggedNode {
  const found = artifacts.get(name)
  if (!found) throw new Error(`there is no operation ${name}`)
  return found
}

testCache('Relay', async (url, onExpired) => {
  const environment = createRelayEnvironment(url)
  const store = environment.getStore()
  store.subscribeToInvalidationState(store.lookupInvalidationState([]), onExpired)
  const operationOf = (name: string, variables: object) =>
    createOperationDescriptor(getRequest(artifact(name)), variables as Variables)
  return {
    async query(name, variables) {
      environment.retain(operationOf(name, variables))
      return fetchQuery(environment, artifact(name), variables as Variables, {
        networkCacheConfig: { force: true },
      }).toPromise()
    },
    async cached(name, variables) {
      const operation = operationOf(name, variables)
      if (environment.check(operation).status !== 'available') return null
      return environment.lookup(operation.fragment).data
    },
    mutate: (name, variables) =>
      new Promise<Data>((resolve, reject) => {
        commitMutation(environment, {
          mutation: artifact(name),
          variables: variables as Variables,
          onCompleted: resolve,
          onError: reject,
        })
      }),
    subscribe(name, variables, onData) {
      const subscription = requestSubscription(environment, {
        subscription: artifact(name),
        variables: variables as Variables,
        onNext: onData,
      })
      return () => subscription.dispose()
    },
  }
})

test('Relay warns when one id stands for two contents', async () => {
  const warned = vi.spyOn(console, 'error').mockImplementation(() => {})
  const edge = (id: string, n: number) => {
    const revision = { __typename: 'DatasetItemRevision', id: 'same', validFrom: 1, input: n, expectedOutput: null }
    return { cursor: id, node: { __typename: 'RunItem', id, position: 0, datasetItem: null, revision } }
  }
  const pageInfo = { hasNextPage: false, endCursor: null }
  const node = {
    __typename: 'Run',
    id: 'run',
    datasetVersion: 1,
    items: { edges: [edge('1', 1), edge('2', 2)], pageInfo },
  }
  const network = Network.create(async () => ({ data: { node } }))
  const environment = new Environment({ network, store: new Store(new RecordSource()) })
  await fetchQuery(environment, artifact('SeenQuery'), { id: 'run' }).toPromise()
  expect(JSON.stringify(warned.mock.calls)).toContain('two instances of the same id')
  vi.restoreAllMocks()
})
