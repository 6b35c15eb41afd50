import { graphql } from '../../gql/gql.ts'
import type { DatasetPageQuery } from '../../gql/graphql.ts'

export const datasetPage = graphql(`
  query DatasetPage($id: ID!) {
    node(id: $id) {
      id
      ... on Dataset {
        name
        description
        itemCount
        version
        updatedAt
        tags { tag count }
        archivedItems(first: 1) { countUpTo }
      }
    }
  }
`)

export type DatasetPageDataset = Extract<NonNullable<DatasetPageQuery['node']>, { version: number }>

export const datasetItemRow = graphql(`
  fragment DatasetItemRow on DatasetItemRevision {
    id
    key
    input
    expectedOutput
    metadata
    tags
    validFrom
    item { id }
  }
`)

export const datasetItems = graphql(`
  query DatasetItems($id: ID!, $version: Int!, $filter: DatasetItemFilter, $after: String, $skip: Int) {
    node(id: $id) {
      id
      ... on Dataset {
        items(first: 100, version: $version, filter: $filter, after: $after, skip: $skip) {
          nodes { ...DatasetItemRow }
          pageInfo { endCursor hasNextPage }
        }
      }
    }
  }
`)

export const archivedItems = graphql(`
  query ArchivedDatasetItems($id: ID!, $filter: DatasetItemFilter, $after: String) {
    node(id: $id) {
      id
      ... on Dataset {
        archivedItems(first: 100, filter: $filter, after: $after) {
          nodes { ...DatasetItemRow }
          pageInfo { endCursor hasNextPage }
        }
      }
    }
  }
`)

export const countItems = graphql(`
  query CountDatasetItems($id: ID!, $version: Int!, $filter: DatasetItemFilter) {
    node(id: $id) { id ... on Dataset { items(first: 1, version: $version, filter: $filter) { countUpTo totalCount } } }
  }
`)
