/** The operations of the page and those of the tests, in one document each. */
import { type DocumentNode, type FragmentDefinitionNode, Kind, parse, print, visit } from 'graphql'
import { block } from './recipes.ts'

const ofTests = /* GraphQL */ `
  query SeenQuery($id: ID!) {
    node(id: $id) {
      id
      ... on Run {
        datasetVersion
        items(first: 10) {
          edges {
            cursor
            node {
              id
              position
              datasetItem { id latest { id input } }
              revision { id validFrom input expectedOutput }
            }
          }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }

  query CompareQuery($baselineId: ID!, $candidateIds: [ID!]!) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      baseline { id name }
      candidates { id name }
      rows(first: 10) {
        edges {
          cursor
          node {
            datasetItem { id latest { id input } }
            cells { run { id } costUsd items { id output } revision { id validFrom input } }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }

  query OtherFiguresQuery($id: ID!) {
    node(id: $id) {
      id
      ... on Run {
        progress { total queued running }
        stats { avgCostUsd latencyMs { p50 } }
        settings { concurrency }
        metadata
      }
    }
  }

  query DatasetByIdQuery($id: ID!) {
    node(id: $id) { id ... on Dataset { name version itemCount } }
  }

  mutation ChangeItemMutation($input: UpsertDatasetItemsInput!) {
    upsertDatasetItems(input: $input) {
      __typename
      ... on UpsertDatasetItemsPayload {
        changed
        dataset { id version }
        items { id validFrom input item { id latest { id input } } }
      }
      ... on UserError { code message path }
    }
  }
`

const { definitions } = parse(`${block('operations.graphql')}\n${ofTests}`)
const fragments = new Map(
  definitions
    .filter((definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION)
    .map((fragment) => [fragment.name.value, fragment]),
)

/** Every operation by name, with the fragments that it needs. */
export const documents = new Map<string, DocumentNode>()
for (const definition of definitions) {
  if (definition.kind !== Kind.OPERATION_DEFINITION) continue
  const needed = new Set<FragmentDefinitionNode>()
  visit(definition, {
    FragmentSpread({ name }) {
      const fragment = fragments.get(name.value)
      if (fragment) needed.add(fragment)
    },
  })
  documents.set(definition.name?.value ?? '', { kind: Kind.DOCUMENT, definitions: [definition, ...needed] })
}

export function documentOf(name: string): DocumentNode {
  const document = documents.get(name)
  if (!document) throw new Error(`there is no operation ${name}`)
  return document
}

/** The operation without fragments, which Relay would hide from whoever reads the operation. */
export function inlined(name: string): string {
  const [operation] = documentOf(name).definitions
  if (!operation) throw new Error(`${name} is empty`)
  return print(
    visit(operation, {
      FragmentSpread({ name }) {
        const fragment = fragments.get(name.value)
        return fragment && { ...fragment, kind: Kind.INLINE_FRAGMENT, name: undefined }
      },
    }),
  )
}
